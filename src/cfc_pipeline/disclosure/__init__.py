"""Estimates -> what may be shown."""
