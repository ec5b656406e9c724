"""Survey tools that can be fetched from: one file per tool. api.py lists them and says what each must have."""
