"""Data about single people, for an analysis outside: refused when somebody could be found again too easily.

People get new numbers, days are left out, and so are comments. What a colleague may know of a person can be left out
too, which is what makes the groups larger. The risk is worked out on what would be written, and lies beside it.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from cfc_pipeline import __version__
from cfc_pipeline.disclosure.microdata import ATTRIBUTES, Risk, risk
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.errors import ConfigError, DisclosureRefusal
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.warehouse.layout import columns
from cfc_pipeline.warehouse.store import Connection, reading, refuse_an_older_copy, value
from schemas.tables import TABLES

Format = Literal["parquet", "csv", "spss"]
_REASON = 10  # letters that a reason has at least

_PEOPLE = """
    SELECT dense_rank() OVER (ORDER BY participant_id) AS person, participant_id, cohort_id, academic_year,
           school_id, role, participant.phase AS phase, participant.region AS region
    FROM participant JOIN cohort USING (cohort_id)
    WHERE consented AND NOT withdrawn
      -- Once anybody was asked about passing on, only a yes to that lets a person's data go.
      AND coalesce(shares, NOT (SELECT count(shares) > 0 FROM participant))
    ORDER BY participant_id, cohort_id
"""
_ASKED = "SELECT count(shares) > 0 FROM participant"
_SCORES = """
    SELECT person, cohort_id, time_point, instrument, subscale, score, items_answered, state
    FROM scale_score JOIN people USING (participant_id, cohort_id) ORDER BY ALL
"""
_ANSWERS = """
    SELECT person, cohort_id, time_point, instrument, item, value
    FROM item_answer JOIN response USING (response_id) JOIN people USING (participant_id, cohort_id)
    WHERE status = 'counted' ORDER BY ALL
"""


@dataclass(frozen=True)
class Exported:
    path: str
    files: list[str]
    risk: Risk
    reason: str | None
    dry_run: bool
    asked: bool  # whether people were asked about passing on

    def in_words(self) -> str:
        wrote = "Nothing was written." if self.dry_run else f"Wrote {', '.join(self.files)} into {self.path}."
        agreed = (
            "Only who agreed to it is in it." if self.asked else "No roster says who agreed that data are passed on."
        )
        return f"{self.risk.in_words()}\n{agreed}\n{wrote}"


def export(
    folder: Path,
    target: Path,
    *,
    format_: Format = "parquet",
    leave_out: Sequence[str] = (),
    reason: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Exported:
    """Write `people`, `scores` (long and wide), `answers` and their codebook into the new folder `target`.

    Raises DisclosureRefusal when the smallest group is smaller than the profile's smallest count and nobody says why it
    has to be; the reason is kept in the export and in the audit log. With `dry_run` only the risk is worked out.
    """
    programme = load_programme(folder)
    _check(target, leave_out, reason, dry_run=dry_run)
    now = now or datetime.now(UTC)
    attributes = [name for name in ATTRIBUTES if name not in leave_out]
    with reading(programme.analysis) as con:
        refuse_an_older_copy(con)
        tables = _tables(con, leave_out)
        asked = bool(value(con, _ASKED))
    wanted = load_profile(programme.policy.disclosure.profile).smallest_count
    measured = tables["scores"].with_columns(measure=pl.concat_str("instrument", "subscale", "time_point"))
    found = risk(tables["people"], measured, attributes, wanted)
    done = Exported(str(target), [], found, reason, dry_run, asked)
    if dry_run:
        return done
    if found.too_high and not reason:
        raise DisclosureRefusal(
            f"People could be found again in this: the smallest group has {found.k} of {found.wanted} people.",
            where=f"{found.below} of {found.people} people, by {', '.join(found.attributes)}",
            next_step="leave attributes out, such as `--leave-out school_id role`, or say with `--reason` why it has "
            "to be so; `--dry-run` shows the risk of each choice",
        )
    files = _write(target, tables, format_, done)
    audit.note(
        programme.folder, "export", now, k=found.k, wanted=found.wanted, people=found.people,
        attributes=attributes, reason=reason if found.too_high else None, people_asked=asked,
    )  # fmt: skip
    return replace(done, files=files)


def _check(target: Path, leave_out: Sequence[str], reason: str | None, *, dry_run: bool) -> None:
    unknown = [name for name in leave_out if name not in ATTRIBUTES]
    if unknown:
        raise ConfigError(
            "Some attributes are not in an export.",
            where=", ".join(unknown),
            next_step=f"these can be left out: {', '.join(ATTRIBUTES)}",
        )
    if reason is not None and len(reason.strip()) < _REASON:
        raise ConfigError("The reason is too short.", where="--reason", next_step="say it in a sentence")
    if not dry_run and target.exists():
        raise ConfigError("There is something already.", where=str(target), next_step="name a new folder")


def _tables(con: Connection, leave_out: Sequence[str]) -> dict[str, pl.DataFrame]:
    con.execute(f"CREATE TEMP VIEW people AS {_PEOPLE}")
    frames = {
        "people": con.sql("FROM people").pl().drop("participant_id"),
        "scores": con.sql(_SCORES).pl(),
        "answers": con.sql(_ANSWERS).pl(),
    }
    if "cohort_id" in leave_out:  # a person of two cohorts would otherwise have two rows that nothing tells apart
        frames["people"] = frames["people"].unique("person", keep="first", maintain_order=True)
    frames["scores_wide"] = _wide(frames["scores"], frames["people"])
    return {name: frame.drop(leave_out, strict=False) for name, frame in frames.items()}


def _wide(scores: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """A row a person, a column a measure and time point; empty where there is no score."""
    named = scores.with_columns(_column=pl.concat_str("instrument", "subscale", "time_point", separator="_"))
    wide = named.pivot("_column", index=["person", "cohort_id"], values="score", sort_columns=True)
    return people.join(wide, on=["person", "cohort_id"], how="left")


def _write(target: Path, tables: dict[str, pl.DataFrame], format_: Format, done: Exported) -> list[str]:
    """All of it or, if the machine stops, a folder that is called unfinished."""
    building = target.with_name(f".{target.name}.unfinished")
    if building.exists():
        shutil.rmtree(building)
    building.mkdir(mode=0o700, parents=True)
    for name, frame in tables.items():
        _write_table(frame, building / name, format_)
    _codebook(tables).write_csv(building / "codebook.csv")
    told = {"version": __version__, "risk": asdict(done.risk), "reason": done.reason}
    (building / "risk.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    for path in building.iterdir():
        path.chmod(0o600)
    files = sorted(path.name for path in building.iterdir())
    building.rename(target)
    return files


def _write_table(frame: pl.DataFrame, path: Path, format_: Format) -> None:
    if format_ == "parquet":
        frame.write_parquet(path.with_suffix(".parquet"))
    elif format_ == "csv":
        frame.write_csv(path.with_suffix(".csv"))
    else:
        import pyreadstat  # only who writes SPSS files waits for it

        labels = dict(_labels(frame).select("column", "meaning").iter_rows())
        pyreadstat.write_sav(frame, path.with_suffix(".sav"), column_labels=labels)


def _codebook(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(_labels(frame).select(pl.lit(name).alias("table"), pl.all()) for name, frame in tables.items())


def _labels(frame: pl.DataFrame) -> pl.DataFrame:
    """column, meaning: as the analysts' copy describes its columns."""
    described = {"person": "Number of the person in this export; another export has other numbers."}
    for name in ("participant", "cohort", "response", "item_answer", "scale_score"):
        for row in columns(TABLES[name]).iter_rows(named=True):
            described.setdefault(row["column_name"], row["description"])
    meanings = [described.get(c) or f"Score: {c.replace('_', ' ')}." for c in frame.columns]
    return pl.DataFrame({"column": frame.columns, "meaning": meanings}, schema_overrides={"column": pl.String})
