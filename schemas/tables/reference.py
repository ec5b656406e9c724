"""What describes the rest: instruments, their items, the dictionary of columns, and the runs."""

from schemas.tables.contract import Table, column


class Instrument(Table):
    """A questionnaire with a scoring key; a row for each subscale."""

    instrument: str = column("Id of the instrument.", key=True)
    subscale: str = column("Id of the subscale.", key=True)
    title: str = column("Name of the instrument.")
    subscale_title: str = column("Name of the subscale.")
    version: str = column("Version of the key.")
    lowest: float = column("Lowest possible score.")
    highest: float = column("Highest possible score.")
    direction: str = column("higher_is_better or lower_is_better.")
    aggregate: str = column("How items become the score.")
    missing_rule: str = column("What happens when items were left blank.")
    citation: str = column("Source of the key.")
    doi: str = column("Its doi.", nullable=True)
    licence: str = column("Under which terms the instrument may be used.")
    advised_people: int = column(
        "How many people with answers at both times its owners advise at least.", nullable=True
    )


class Item(Table):
    """One item of an instrument. No wording: it belongs to the instruments' authors."""

    instrument: str = column("Id of the instrument.", key=True)
    item: int = column("Number of the item.", key=True)
    lowest: int = column("Lowest allowed answer.")
    highest: int = column("Highest allowed answer.")
    reversed: bool = column("Whether the answer is turned around before scoring.")
    filler: bool = column("Whether the item is never scored.")
    subscales: str = column("Subscales that the item counts for, separated by commas.")
    short_name: str = column("Short name, for the programme's own items.", nullable=True)


class DataDictionary(Table):
    """Every column of every table here, as the contracts define it."""

    table_name: str = column("The table.", key=True)
    column_name: str = column("The column.", key=True)
    position: int = column("Place of the column in the table, from 1.")
    type: str = column("DuckDB type.")
    nullable: bool = column("Whether it may be empty.")
    is_key: bool = column("Whether it is part of what makes a row unique.")
    unit: str = column("Unit, if it has one.")
    description: str = column("What it holds.")


class PipelineRun(Table):
    """One run that wrote the warehouse."""

    run_id: str = column("Id of the run.", key=True)
    started_at: str = column("UTC time, ISO 8601.")
    version: str = column("Version of cfc-pipeline.")
    files_read: int = column("Files that were read.", unit="files")
    rows_in: int = column("Rows in these files.", unit="rows")
    stored: int = column("Rows that were new or changed.", unit="rows")
    unchanged: int = column("Rows that were known already.", unit="rows")
    quarantined: int = column("Rows held back until corrected.", unit="rows")
    excluded: int = column("Rows left out, with a reason.", unit="rows")
