"""What is kept of a fetch: a Parquet file with the responses that were new or changed, the form, and the cursor.

It is sealed like a file that a person dropped, and read back like one. Rows and cursor are one file, so they are on
disk together or not at all; the state of a survey is what its kept fetches say, in order. A fetch that brought nothing
new is not kept, unless it compared everything: that it did is worth remembering.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import polars as pl

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.apis.answers import SCHEMA, Answers
from cfc_pipeline.sources.raw import READER_COLUMNS, RECORD, ROW, UNANSWERED, RawColumn, RawTable, column_from

_MAGIC = b"PAR1"
_ABOUT = "cfc_pipeline.fetch"


@dataclass(frozen=True)
class Fetched:
    """One fetch as it is kept. `rows` is as in Answers."""

    tool: str
    fetched_at: str  # ISO 8601, UTC
    everything: bool  # whether it was compared with all responses that the tool had
    cursor: str | None
    zone: str | None
    form: tuple[RawColumn, ...]
    rows: pl.DataFrame
    gone: tuple[str, ...] = ()
    taken_out: tuple[str, ...] = ()  # keys of questions whose answers were kept for their time and are gone
    shredded: bool = False  # as in RawTable
    past: tuple[str, ...] = ()  # records of rows of which nothing else is left
    replaced: tuple[str, ...] = ()  # records of rows of a roster of which only who they are about is left
    survey: str = ""  # the tool's own id of the survey; empty in fetches of versions that did not note it
    prints: dict[str, str] = field(default_factory=dict)  # record: keyed fingerprint of what the tool said of it

    @property
    def keys(self) -> list[str]:
        return self.rows.columns[len(SCHEMA) :]


def to_bytes(fetched: Fetched) -> bytes:
    about = {k: v for k, v in vars(fetched).items() if k not in ("rows", "form")}
    about["form"] = [asdict(column) for column in fetched.form]
    file = io.BytesIO()
    fetched.rows.write_parquet(file, metadata={_ABOUT: json.dumps(about)}, statistics=False)
    return file.getvalue()


def is_fetched(data: bytes) -> bool:
    return data.startswith(_MAGIC)


def from_bytes(data: bytes) -> Fetched:
    """ExportError when it is a Parquet file of somebody else's."""
    try:
        about = json.loads(pl.read_parquet_metadata(io.BytesIO(data))[_ABOUT])
        form = tuple(column_from(one) for one in about.pop("form"))
        rows = pl.read_parquet(io.BytesIO(data))
    except (KeyError, ValueError, TypeError, pl.exceptions.PolarsError):
        raise ExportError(
            "This Parquet file was not written by a fetch.",
            where="the file",
            next_step="use the CSV or Excel download of the survey tool",
        ) from None
    about |= {name: tuple(about.get(name, ())) for name in ("gone", "taken_out", "past", "replaced")}
    return Fetched(form=form, rows=rows, **about)


def raw_table(fetched: Fetched) -> RawTable:
    """A fetch as every reader gives a file. Why a cell holds no answer is told in `unanswered`; the cell is null."""
    by_key = {column.key: column for column in fetched.form}
    blank = [pl.when(~pl.col(key).is_in(UNANSWERED)).then(pl.col(key)).alias(key) for key in fetched.keys]
    rows = fetched.rows.lazy().with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64), *blank)
    return RawTable(
        tool=fetched.tool,
        layout="fetched",
        columns=tuple(by_key[key] for key in fetched.keys),
        rows=rows.select(*READER_COLUMNS, *fetched.keys),
        zone=fetched.zone,
        form=fetched.form,
        gone=frozenset(fetched.gone),
        shredded=fetched.shredded,
        past=_rows_of(fetched, fetched.past),
        replaced=_rows_of(fetched, fetched.replaced),
        unanswered=_unanswered(fetched),
    )


def _rows_of(fetched: Fetched, records: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(fetched.rows.with_row_index(offset=1).filter(pl.col(RECORD).is_in(records))["index"])


def _unanswered(fetched: Fetched) -> pl.DataFrame:
    nothing = pl.LazyFrame(schema={ROW: pl.Int64, "key": pl.String, "reason": pl.String})
    cells = fetched.rows.lazy().with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    # Column by column: all cells in one would be a long table of answers, to keep a few of them.
    told = (cells.select(ROW, pl.lit(key).alias("key"), pl.col(key).alias("reason")) for key in fetched.keys)
    return pl.concat([nothing, *(column.filter(pl.col("reason").is_in(UNANSWERED)) for column in told)]).collect()


def with_empty_columns(raw: RawTable, columns: Sequence[RawColumn]) -> RawTable:
    """The same rows, with columns that nobody could answer."""
    nothing = {column.key: pl.lit(None, pl.String) for column in columns}
    return replace(raw, columns=(*raw.columns, *columns), rows=raw.rows.with_columns(**nothing))


def state(kept: Sequence[Fetched]) -> pl.DataFrame:
    """All responses that the tool has now, as these fetches, in their order, tell: one row a record."""
    now = pl.DataFrame(schema=SCHEMA)
    for fetched in kept:
        left = [*fetched.rows[RECORD], *fetched.gone]
        rest = now.filter(~pl.col(RECORD).is_in(left))
        now = pl.concat([rest, fetched.rows], how="diagonal_relaxed")
    return now


def news(answers: Answers, before: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows of an answer that are new or say something else than before, and the records that are gone.

    A column that only one of both has counts as a change of every row that has something in it.
    """
    rows = answers.rows
    missing = [pl.lit(None, pl.String).alias(c) for c in rows.columns if c not in before.columns]
    same = before.with_columns(missing).select(rows.columns)
    known = rows.join(same, on=rows.columns, how="semi", nulls_equal=True)
    new = rows.filter(~pl.col(RECORD).is_in(known[RECORD].implode()))
    left = set(before[RECORD]) - set(rows[RECORD])
    return new, tuple(sorted(left if answers.everything else left & set(answers.gone)))


def settled(answers: Answers) -> Answers:
    """One row a record, the last that came: pages that shift while people answer bring a response twice."""
    return replace(answers, rows=answers.rows.unique(RECORD, keep="last", maintain_order=True))
