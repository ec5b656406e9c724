"""Files in the inbox, as their tools and the people who download them leave them there.

Some come twice: copied under another name, sorted another way, or exported again after more people answered and one
answer was mended at the source.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from cfc_pipeline.demo import planted
from cfc_pipeline.demo.dirt import first_item
from cfc_pipeline.demo.forms import questions_of
from cfc_pipeline.demo.layouts import write_export
from cfc_pipeline.demo.planted import DemoFile
from cfc_pipeline.demo.responses import Sent
from cfc_pipeline.demo.surveys import Form

COPIED = "2023-before"  # the same bytes again under another name
SORTED = "2023-sessions"  # the same rows again in another order
AGAIN = {"2024-before": date(2024, 9, 29), "2025-north": date(2025, 12, 1)}  # first export on this day, then another
ADDRESS_IN_NAME = "2025-vale"
DAMAGED = {
    "2023-sessions": ("empty_row",),
    "2024-middle": ("day_and_month_swapped", "unreadable_date", "empty_row"),
    "2025-vale": ("unreadable_date",),
}
Rows = list[list[str]]


def write_exports(inbox: Path, form: Form, sent: Sequence[Sent], seed: int) -> list[DemoFile]:
    """All files of one form, in the order in which they arrive."""
    if form.survey in AGAIN:
        early = [s for s in sent if s.submission.submitted.date() < AGAIN[form.survey]]
        files = [_write(inbox, form, _before_mending(form, early), seed, AGAIN[form.survey], "")]
        return [*files, _write(inbox, form, sent, seed, _last_day(sent), " corrected")]
    files = [_write(inbox, form, sent, seed, _last_day(sent), _from(form))]
    if form.survey == COPIED:
        files.append(_copy(inbox, files[0]))
    if form.survey == SORTED:
        again = _write(inbox, form, list(reversed(sent)), seed, _last_day(sent) + timedelta(days=40), " sorted")
        files.append(again)
    return files


def _last_day(sent: Sequence[Sent]) -> date:
    return max(s.submission.submitted for s in sent).date() + timedelta(days=3)


def _from(form: Form) -> str:
    return f" sent by {planted.FILE_ADDRESS}" if form.survey == ADDRESS_IN_NAME else ""


def _before_mending(form: Form, sent: Sequence[Sent]) -> list[Sent]:
    """The first export held another answer in one row."""
    i = next(i for i, s in enumerate(sent) if not s.dirt)
    answer = sent[i].submission.answers[first_item(form)]
    assert isinstance(answer, int), "scale answers are positions"
    other = sent[i].submission.answers | {first_item(form): 4 if answer != 4 else 5}
    changed = replace(sent[i], submission=replace(sent[i].submission, answers=other), dirt=("mended_later",))
    return [*sent[:i], changed, *sent[i + 1 :]]


def _write(inbox: Path, form: Form, sent: Sequence[Sent], seed: int, day: date, note: str) -> DemoFile:
    name = f"{day} {form.survey}{note}.{form.extension}"
    submissions = [s.submission for s in sent]
    write_export(
        inbox / name,
        form.layout,
        questions_of(form),
        submissions,
        labels=form.labels,
        zone=form.timezone or "UTC" if form.tool == "qualtrics" else "Europe/London",
        title=form.survey,
    )
    dirt = Counter(kind for s in sent for kind in s.dirt)
    rng = Random(f"{seed} {form.survey} damage")  # noqa: S311
    for kind in DAMAGED.get(form.survey, ()):
        _damage(inbox / name, form, kind, [i for i, s in enumerate(sent) if not s.dirt], rng)
        dirt[kind] += 1
    return DemoFile(name, form.survey, len(sent) + dirt["empty_row"], dict(sorted(dirt.items())))


def _copy(inbox: Path, original: DemoFile) -> DemoFile:
    name = original.name.replace(" 2023", " Copy of 2023")
    (inbox / name).write_bytes((inbox / original.name).read_bytes())
    return replace(original, name=name)


def _damage(path: Path, form: Form, kind: str, clean: Sequence[int], rng: Random) -> None:
    """Spoil one row of a CSV file as a person with a spreadsheet does."""
    encoding = "cp1252" if "cp1252" in form.layout else "utf-8"
    text = path.read_bytes().decode(encoding)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    _DAMAGE[kind](rows, 1 + rng.choice(clean), 2 if form.tool == "ms_forms" else 0)
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))


def _empty_row(rows: Rows, at: int, when: int) -> None:
    rows.insert(at, [""] * len(rows[0]))


def _unreadable_date(rows: Rows, at: int, when: int) -> None:
    rows[at][when] = "########"


def _day_and_month_swapped(rows: Rows, at: int, when: int) -> None:
    month, day, rest = rows[at][when].split("/", 2)
    # A day above 12, so that the order can be told.
    rows[at][when] = f"{max(int(day), 13)}/{month}/{rest}"


_DAMAGE: dict[str, Callable[[Rows, int, int], None]] = {
    "empty_row": _empty_row,
    "unreadable_date": _unreadable_date,
    "day_and_month_swapped": _day_and_month_swapped,
}
