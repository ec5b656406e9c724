"""Exports of one survey of which one holds labels and another numbers: each passes, and only a person can see whether
the tool's numbers run the way that the labels do."""

from collections.abc import Sequence

from cfc_pipeline.intake.batch import File
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.programme import Scale

_LOOKED_AT = 50  # rows


def notes(file: File, files: Sequence[File]) -> tuple[str, ...]:
    """What to say of a new file, beside all files that came in."""
    others = [other for other in files if other.survey.id == file.survey.id and other.number < file.number]
    return tuple(
        f"holds {now} for {scale.instrument} where an earlier file of this survey holds {was}. Look at one response in "
        "both: the numbers count as they are, and some tools number their labels the other way round"
        for scale in file.survey.scales
        if (now := _holds(file, scale)) and (was := _other(now)) in {_holds(other, scale) for other in others}
    )


def _other(holds: str) -> str:
    return "labels" if holds == "numbers" else "numbers"


def _holds(file: File, scale: Scale) -> str | None:
    """What most answers of the first rows are; nothing where the entry lists what each number means, or no labels."""
    columns = [key for name in scale.items.values() if (key := resolve(file.raw, name))]
    if not scale.answers or not columns or any(label.strip().isdecimal() for label in scale.answers):
        return None
    cells = file.raw.rows.select(columns).head(_LOOKED_AT).collect().unpivot()["value"].drop_nulls()
    if cells.is_empty():
        return None
    return "numbers" if cells.str.contains(r"^\d+$").sum() * 2 > cells.len() else "labels"
