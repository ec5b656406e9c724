"""Canonical rows -> DuckDB: layout, migrations, one writer, the analysts' copy."""
