"""What answers HTTP requests with functions: one file per kind of trigger, each with a `sites` that makes its sites.

A site is one API, load balancer or function URL of the manifest. `app` chooses among them by host and path.
"""
