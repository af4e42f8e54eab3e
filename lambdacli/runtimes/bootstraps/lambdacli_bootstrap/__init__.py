"""The runtime client for Python: the standard library alone, Python 3.8 or later, as quick to start as can be."""
