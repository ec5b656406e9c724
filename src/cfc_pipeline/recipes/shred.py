"""Writing sealed copies of answers again without what is personal in them: raw_input.py says which, and why.

What stays is what the warehouse holds of them too, with the tools' own ids of the responses: the cells that the survey
entry uses, as corrected; stand-ins for people; days; comments as redaction left them.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from cfc_pipeline.identity.anonymise import anonymise, response_ids
from cfc_pipeline.identity.keys import Keys, load_keys
from cfc_pipeline.identity.known import known_from
from cfc_pipeline.identity.shredded import fingerprints, make_stand_in_key, stand_ins
from cfc_pipeline.identity.vault import open_raw, replace_raw
from cfc_pipeline.intake.batch import File, Intake
from cfc_pipeline.intake.cells import resolve, resolve_known
from cfc_pipeline.intake.codes import own_code
from cfc_pipeline.intake.corrections import apply_corrections, read_corrections
from cfc_pipeline.intake.fates import STORED, UNCHANGED
from cfc_pipeline.intake.recognise import asked_columns, columns_of
from cfc_pipeline.intake.records import used_rows
from cfc_pipeline.programme import FromColumn, Programme
from cfc_pipeline.recipes.arrivals import FETCHED_NAME
from cfc_pipeline.recipes.raw_input import DueCopy, DueInput
from cfc_pipeline.recipes.replaced import names_that_stay, reduced
from cfc_pipeline.sources import kept
from cfc_pipeline.sources.apis.answers import SCHEMA
from cfc_pipeline.sources.fetched import from_bytes, to_bytes
from cfc_pipeline.sources.raw import COMPLETE, RECORD, ROW, SUBMITTED, TEST, UNANSWERED
from schemas.tables.answers import KINDS as ANSWER_KINDS

_NAME = "a shredded file"  # a file's own name may be somebody's
_NOT_KEPT = "[not kept]"  # where a comment that nobody may quote was all that a form said
_AT_NOON = "%Y-%m-%d %H:%M:%SZ"


def shred(due: DueInput, environ: Mapping[str, str]) -> None:
    """Write the due copies again without what goes, and overwrite what they were. Copies that are done stay so when a
    run is killed; the next one does the others."""
    if not due.copies:
        return
    programme, intake = due.programme, due.intake
    keys = load_keys(programme.restricted, environ)
    key = make_stand_in_key(programme.restricted, keys)
    known = known_from(intake.named)
    comments = anonymise(intake, programme.surveys, programme.cohorts, keys, known).comments
    days = _days(intake, programme.timezone)
    fixes = read_corrections(programme.folder / "corrections.csv")
    going = {one.copy.number: frozenset((*one.rows, *one.replaced)) for one in due.copies}
    stays = names_that_stay(intake.files, going, fixes)
    for one in due.copies:
        if one.whole:
            rows = _whole(one, intake, comments, days, programme, keys, key)
        elif one.file.survey.kind == "roster":
            rows = reduced(one.file, one.replaced, one.rows, fixes, stays)
        else:
            rows = _without_rows(one)
        data, name = _written(one, rows, keys, key)
        replace_raw(one.copy, data, keys, name=name, cleaned=one.copy.name != FETCHED_NAME)


def _days(intake: Intake, zone: str) -> dict[str, pl.DataFrame]:
    """Survey: record, day. A day is written as its noon, and of one person's forms of a day the next a second later, so
    that the same one counts."""
    named = [
        rows.select("record", "person", "submitted_at", survey=pl.lit(survey))
        for survey, rows in intake.of_kind(*ANSWER_KINDS).items()
    ]
    every = pl.concat(named)
    day = pl.col("submitted_at").dt.truncate("1d")
    place = pl.col("submitted_at").rank("dense").over("person", day.alias("_day")) - 1
    place = pl.when(pl.col("person").is_null()).then(0).otherwise(place).cast(pl.Int64)
    noon = day + pl.duration(hours=12, seconds=place)
    written = noon.dt.replace_time_zone(zone).dt.convert_time_zone("UTC").dt.strftime(_AT_NOON)
    every = every.select("survey", "record", day=written)
    return {survey: rows for (survey,), rows in every.group_by("survey")}


def _whole(
    one: DueCopy,
    intake: Intake,
    comments: pl.DataFrame,
    days: Mapping[str, pl.DataFrame],
    programme: Programme,
    keys: Keys,
    key: bytes,
) -> pl.DataFrame:
    """The copy's rows, in the columns that its entry uses, without anything that says who wrote them."""
    survey, raw = one.file.survey, one.file.raw
    fixes = [c for c in read_corrections(programme.folder / "corrections.csv") if c.survey == survey.id]
    rows, _ = apply_corrections(used_rows(raw, survey), raw, fixes)
    cells = rows.collect().with_columns(**_stand_ins(rows, one.file, key))
    fates = intake.fates[survey.id].filter(file=one.copy.number).select("row", "fate", "why")
    cells = cells.join(fates, left_on=ROW, right_on="row", maintain_order="left")
    cells = cells.join(days[survey.id], on="record", how="left", maintain_order="left")
    stays = pl.col("fate").is_in([STORED, UNCHANGED]) | (pl.col("why") == "repeated in the file")
    cells = cells.with_columns(stays=stays)
    # A test or an empty row is told from others by what is left of it.
    gone = ~pl.col("stays") & ~pl.col("why").is_in(["preview or test row", "empty row"])
    times = [SUBMITTED, *([resolve_known(raw, survey.submitted.column)] if survey.submitted.column else [])]
    cells = cells.with_columns(*(pl.col("day").alias(time) for time in times), past=gone)
    if isinstance(survey.session, FromColumn) and not survey.session.values:  # only its number was used
        session = resolve_known(raw, survey.session.column)
        cells = cells.with_columns(pl.col(session).str.extract(r"(\d+)"))
    cells = _with_redacted(cells, one.file, comments, keys)
    keys_used = sorted({column for name in columns_of(survey) if (column := resolve(raw, name))})
    emptied = [pl.when("stays").then(pl.col(c)).alias(c) for c in (SUBMITTED, *keys_used)]
    return cells.with_columns(emptied).select(
        ROW, pl.col("record").alias(RECORD), SUBMITTED, COMPLETE, TEST, *keys_used, "past"
    )


def _stand_ins(rows: pl.LazyFrame, file: File, key: bytes) -> dict[str, pl.Series]:
    person = file.survey.person
    if person is None or person.by not in ("email", "code"):
        return {}
    column = resolve_known(file.raw, person.columns[0])
    return {column: stand_ins(rows.select(own_code(person, file.raw)).collect().to_series(), key)}


def _with_redacted(cells: pl.DataFrame, file: File, comments: pl.DataFrame, keys: Keys) -> pl.DataFrame:
    """Comments as they are stored; those that may not be quoted are stored nowhere."""
    survey = file.survey
    columns = {name: resolve_known(file.raw, column) for name, column in survey.comments.items()}
    cells = cells.with_columns(_response=response_ids(survey.id, cells["record"], keys))
    for name, column in columns.items():
        theirs = comments.filter(question=name) if comments.width else pl.DataFrame({"response_id": [], "text": []})
        texts = theirs.select(pl.col("response_id").cast(pl.String), _text=pl.col("text").cast(pl.String))
        cells = cells.join(texts, left_on="_response", right_on="response_id", how="left", maintain_order="left")
        cells = cells.with_columns(pl.col("_text").alias(column)).drop("_text")
    if columns:
        asked = {resolve(file.raw, name) for name in asked_columns(survey)} & set(cells.columns)
        silent = pl.all_horizontal(pl.col(c).is_null() for c in sorted(filter(None, asked)))
        first = next(iter(columns.values()))
        cells = cells.with_columns(pl.when(silent).then(pl.lit(_NOT_KEPT)).otherwise(first).alias(first))
    return cells


def _without_rows(one: DueCopy) -> pl.DataFrame:
    """The copy's rows as they are, but for those that are due."""
    raw = one.file.raw
    there = raw.rows.collect()
    records = used_rows(raw, one.file.survey).select(ROW, "record").collect()
    there = there.join(records, on=ROW, maintain_order="left").with_columns(past=pl.col(ROW).is_in(one.rows))
    others = [c for c in there.columns if c not in (ROW, RECORD, COMPLETE, TEST, "record", "past")]
    return there.with_columns(
        pl.col("record").alias(RECORD), *(pl.when(~pl.col("past")).then(pl.col(c)).alias(c) for c in others)
    ).drop("record")


def _written(one: DueCopy, rows: pl.DataFrame, keys: Keys, key: bytes) -> tuple[bytes, str]:
    """What the copy holds from now on, and what it is called."""
    raw = one.file.raw
    if one.copy.name == FETCHED_NAME:
        return _written_fetch(one, rows, keys, key), FETCHED_NAME
    columns = tuple(column for column in raw.columns if column.key in rows.columns)
    past = tuple(rows.filter("past")[ROW])
    rest = replace(
        raw,
        columns=columns,
        form=raw.form or raw.columns,
        rows=rows.drop("past").lazy(),
        replaced=tuple(sorted({*raw.replaced, *one.replaced})),
        past=tuple(sorted({*raw.past, *past})),
        shredded=one.whole,
    )
    return kept.to_bytes(rest), _NAME if one.whole else one.copy.name


def _written_fetch(one: DueCopy, rows: pl.DataFrame, keys: Keys, key: bytes) -> bytes:
    """A fetch also keeps fingerprints of what the tool said, or all of it would be news to the next comparison."""
    fetched = from_bytes(open_raw(one.copy, keys))
    prints = dict(zip(fetched.rows[RECORD], fingerprints(fetched.rows, key), strict=True)) | fetched.prints
    left = [name for name in fetched.keys if name in rows.columns]
    there = fetched.rows.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    rows = rows.with_columns(spent=pl.col("past") | pl.col(ROW).is_in(one.replaced))
    both = there.join(rows.select(ROW, SUBMITTED, *left, "past", "spent"), on=ROW, maintain_order="left", suffix="_new")
    # Why a cell holds no answer stays beside those that stay.
    marks = [
        pl.when(~pl.col("spent") & pl.col(c).is_in(UNANSWERED)).then(pl.col(c)).otherwise(f"{c}_new").alias(c)
        for c in left
    ]
    both = both.with_columns(*marks, pl.col(f"{SUBMITTED}_new").alias(SUBMITTED))
    return to_bytes(
        replace(
            fetched,
            rows=both.select(*SCHEMA, *left),
            taken_out=(*fetched.taken_out, *(name for name in fetched.keys if name not in left)),
            shredded=one.whole,
            past=tuple(sorted({*fetched.past, *both.filter("past")[RECORD]})),
            replaced=tuple(sorted({*fetched.replaced, *both.filter(pl.col(ROW).is_in(one.replaced))[RECORD]})),
            prints=prints,
        )
    )
