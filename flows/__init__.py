"""Prefect entry points: when things happen."""
