"""The Lambda execution environment on this machine."""
