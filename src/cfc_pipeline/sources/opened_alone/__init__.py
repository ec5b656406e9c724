"""What runs in the process that opens a file which could do harm (child.py starts it).

It imports nothing of the rest of the house and no polars, so that the process starts in a twentieth of a second; that
is why imports in here are relative.
"""
