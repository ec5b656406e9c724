"""What became of the rows of the files."""

from datetime import date

from schemas.tables.contract import Table, column

FATES = ("stored", "unchanged", "quarantined", "excluded")  # of the rows of a file


class DataQuality(Table):
    """What became of the rows of every file: rows in = stored + unchanged + quarantined + excluded."""

    survey_id: str = column("The survey entry.", key=True)
    file_number: int = column("Number of the file in the order of arrival.", key=True)
    received_on: date = column("When the file arrived.")
    outcome: str = column("What became of the rows.", isin=FATES, key=True)
    reason: str = column("Why, for quarantined and excluded rows; empty otherwise.", key=True)
    rows: int = column("How many rows.", unit="rows")
