"""A module for each thing that runs (ingest, review, publish, email ...), and what runs share. The command line and the
flows call these.

Each takes a programme folder and plain settings, never data, and gives back counts, ids and paths, so that what comes
out may be printed, logged and shown in Prefect.
"""
