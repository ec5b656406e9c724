"""Writes synthetic submissions in the layouts of the survey tools' exports, for the demo and for tests.

Every layout is what sources/ reads, quirks included: header rows, byte order marks, line ends, date styles, columns
that a tool adds by itself. The same submissions give the same bytes. What a layout cannot say is left out, as its tool
would: Microsoft and Google Forms have no unfinished responses, and only Qualtrics marks tests.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cfc_pipeline.demo import export_columns as tools
from cfc_pipeline.demo.export_files import write_text, write_workbook
from cfc_pipeline.demo.submissions import Question, Submission

__all__ = ["LAYOUTS", "Question", "Submission", "key_of", "write_export"]


@dataclass(frozen=True)
class Layout:
    """One tool's way of writing a file."""

    tool: str  # whose reader takes it
    key: Callable[[Question], str]
    columns: Callable[[tools.Request], list[tools.Column]]
    write: Callable[..., None]
    unfinished: bool = True  # whether the tool exports them


_csv = partial(write_text, line_end="\n")
_crlf = partial(write_text, line_end="\r\n")
# UTF-16 with a mark is from memory, not confirmed; the reader goes by the mark alone.
_utf16 = partial(write_text, delimiter="\t", encoding="utf-16-le", mark="\ufeff")
_windows = partial(write_text, line_end="\r\n", encoding="cp1252")
_quoted: dict[str, Any] = {"line_end": "\r\n", "quoting": csv.QUOTE_ALL}
_limesurvey = partial(write_text, **_quoted, delimiter=";", mark="\ufeff", end="\r\n")

LAYOUTS: dict[str, Layout] = {
    "qualtrics_csv": Layout("qualtrics", tools.import_id, tools.qualtrics, _crlf),
    "qualtrics_tsv": Layout("qualtrics", tools.import_id, tools.qualtrics, _utf16),
    "qualtrics_legacy": Layout(
        "qualtrics", lambda question: question.id, tools.qualtrics_legacy, partial(write_text, mark="\ufeff")
    ),
    "ms_forms_xlsx": Layout("ms_forms", tools.text_key, tools.ms_forms, write_workbook, unfinished=False),
    "ms_forms_cp1252_csv": Layout("ms_forms", tools.text_key, tools.ms_forms_resaved, _windows, unfinished=False),
    "google_forms_sheet_csv": Layout("google_forms", tools.bracketed_key, tools.google_sheet, _crlf, unfinished=False),
    "google_forms_download_csv": Layout(
        "google_forms", tools.bracketed_key, tools.google_download, partial(write_text, **_quoted), unfinished=False
    ),
    "surveymonkey_csv": Layout("surveymonkey", tools.option_key, tools.surveymonkey, _csv),
    "surveymonkey_xlsx": Layout("surveymonkey", tools.option_key, tools.surveymonkey_dates, write_workbook),
    "limesurvey_csv": Layout("limesurvey", tools.code, tools.limesurvey, _limesurvey),
    "limesurvey_full_csv": Layout("limesurvey", tools.bracketed_key, tools.limesurvey_full, _limesurvey),
}


def key_of(layout: str, question: Question) -> str:
    """What the reader of this layout will call the column, and so what programme.yaml must call it."""
    return LAYOUTS[layout].key(question)


def write_export(
    path: Path,
    layout: str,
    questions: Sequence[Question],
    submissions: Sequence[Submission],
    *,
    labels: bool,
    zone: str = "Europe/London",
    title: str = "",
) -> None:
    """Write one file. With `labels` a choice is written as its label, else as its number, the first option being 1.

    `zone` is the clock of the file. `title` names the sheet of a workbook.
    """
    chosen = LAYOUTS[layout]
    if len({chosen.key(question) for question in questions}) < len(questions):
        raise ValueError(f"two questions would have the same key in {layout}")
    written = tuple(s for s in submissions if s.complete or chosen.unfinished)
    columns = chosen.columns(tools.Request(tuple(questions), written, labels, ZoneInfo(zone)))
    headings = list(zip(*[column.heading for column in columns], strict=True))
    records = [[column.value(submission) for column in columns] for submission in written]
    chosen.write(path, [*headings, *records], **({"sheet_name": title} if chosen.write is write_workbook else {}))
