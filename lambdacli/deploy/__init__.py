"""Brings functions and their triggers to AWS: plans first, changes only what differs, and undoes it again."""
