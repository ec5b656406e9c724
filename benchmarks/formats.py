"""How long it takes to read a file of each format, beside parsing the same bytes with polars, calamine or pyreadstat.

Reading is everything until a file's responses stand in columns: recognising the tool, its header rows, its clock, who
finished, what is personal. Both are timed by the processor time of this process and of its children, because workbooks
and statistics files are opened in a child with limits. All responses are synthetic.
"""

import argparse
import io
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import polars as pl
import pyreadstat
import python_calamine

from cfc_pipeline.demo.layouts import LAYOUTS, Question, Submission, write_export
from cfc_pipeline.sources import read_export

TARGET = 2  # times the parsing alone
LABELS = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
ITEMS = [Question(f"Q{n}", f"Synthetic statement {n}", LABELS, "How far do you agree?", "choice") for n in range(1, 40)]
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATISTICS = ("sav", "zsav", "dta")


@dataclass
class Result:
    format: str
    mebibytes: float
    parsing: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)

    @property
    def times(self) -> float:
        return median(self.reading) / median(self.parsing)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [*LAYOUTS, *STATISTICS]
    parser.add_argument("--responses", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--formats", nargs="+", choices=every, default=every)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        results = [measured(Path(folder), name, options.responses, options.runs) for name in options.formats]
    print(table(results, options.responses))
    return 0


def measured(folder: Path, name: str, responses: int, runs: int) -> Result:
    path = written(folder, name, responses)
    data = path.read_bytes()
    result = Result(name, len(data) / 2**20)
    for _ in range(runs):
        result.parsing.append(timed(partial(parse, path, data)))
        result.reading.append(timed(partial(read, data, responses)))
    path.unlink()
    return result


def written(folder: Path, name: str, responses: int) -> Path:
    if name in STATISTICS:
        path = folder / f"export.{name}"
        write = pyreadstat.write_dta if name == "dta" else pyreadstat.write_sav
        labels = {question.id: dict(enumerate(LABELS, 1)) for question in ITEMS}
        write(frame(responses), path, variable_value_labels=labels, **({"compress": True} if name == "zsav" else {}))
        return path
    path = folder / ("export.xlsx" if "xlsx" in name else "export.csv")
    write_export(path, name, ITEMS, [submission(number) for number in range(1, responses + 1)], labels=True)
    return path


def frame(responses: int) -> pl.DataFrame:
    numbers = pl.int_range(1, responses + 1, eager=True)
    items = [((numbers + i) % 5 + 1).cast(pl.Float64).alias(question.id) for i, question in enumerate(ITEMS)]
    return pl.DataFrame([numbers.alias("number"), *items])


def submission(number: int) -> Submission:
    sent = START + timedelta(minutes=number)
    answers: dict[str, str | int | None] = {question.id: (number + i) % 5 for i, question in enumerate(ITEMS)}
    return Submission(
        str(number), sent, sent, complete=True, test=False, email=None, first_name="", last_name="", answers=answers
    )


def parse(path: Path, data: bytes) -> object:
    """What any program must do with such a file; columns as text, as in reading."""
    if path.suffix in (".sav", ".zsav", ".dta"):
        reader = pyreadstat.read_dta if path.suffix == ".dta" else pyreadstat.read_sav
        return reader(io.BytesIO(data), output_format="polars", apply_value_formats=False)
    if path.suffix == ".xlsx":
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    text = data.decode("utf-16").encode() if data.startswith(b"\xff\xfe") else data
    separator = max((",", ";", "\t"), key=lambda mark: text[:2000].count(mark.encode()))
    return pl.read_csv(
        text,
        separator=separator,
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
        has_header=False,
    )


def read(data: bytes, responses: int) -> None:
    rows = read_export(data, "export").rows.collect()
    if rows.height != responses:
        raise SystemExit(f"{rows.height} of {responses} responses were read")


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time, with that of children which have ended."""
    start = _used()
    work()
    return _used() - start


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def table(results: Sequence[Result], responses: int) -> str:
    lines = [
        f"{responses:,} responses to {len(ITEMS)} items; seconds of processor time, "
        f"medians of {len(results[0].reading)} runs",
        f"{'format':28}{'MiB':>8}{'parsing':>10}{'reading':>10}{'times':>8}",
    ]
    for one in results:
        lines.append(
            f"{one.format:28}{one.mebibytes:8.1f}{median(one.parsing):10.2f}{median(one.reading):10.2f}{one.times:8.1f}"
        )
    return "\n".join([*lines, "", f"times = reading divided by parsing; target: at most {TARGET}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
