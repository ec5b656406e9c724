"""Runs the worked examples of scoring keys: a filled-in form, and the scores that it must give.

A slip in a key gives wrong scores silently. A form that somebody scored by hand is the one thing that tells.
"""

from collections.abc import Iterable, Iterator
from math import isclose
from pathlib import Path

import duckdb
import yaml

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.measures.instruments import Instrument
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.warehouse.layout import create_table
from schemas.instruments import Golden

_NEAR = 1e-9  # a worked third has fewer digits than ours


def check_examples(folder: Path, instruments: Iterable[Instrument]) -> int:
    """How many examples of the keys in a programme's own `folder` were run. Raises ConfigError with the file and line
    of each that its key does not give."""
    own = [(folder / f"{key.id}{ending}", key) for key in instruments for ending in (".yaml", ".yml")]
    keys = [(path, key) for path, key in own if path.exists()]
    wrong = [f"instruments/{path.name}, {mistake}" for path, key in keys for mistake in _mistakes(path, key)]
    if wrong:
        raise ConfigError(
            f"{len(wrong)} worked example{'s' if len(wrong) > 1 else ''} of the programme's own instruments "
            "come out otherwise",
            where="\n         ".join(wrong),
            next_step="compare key and example with the paper and mend the one that is wrong",
        )
    return sum(len(key.golden) for _, key in keys)


def _mistakes(path: Path, key: Instrument) -> Iterator[str]:
    if not key.golden:
        return
    found = _scored(key)
    for number, (golden, line) in enumerate(zip(key.golden, _lines(path), strict=True)):
        for subscale, expected in golden.scores.items():
            given = found[number][subscale]
            if not _same(given, expected):
                yield f"line {line}: {golden.case!r} gives {subscale} {_shown(given)}, not {_shown(expected)}"


def _scored(key: Instrument) -> list[dict[str, float | None]]:
    """Subscale: score, for each example, by the same statements that score people's forms."""
    with duckdb.connect() as con:
        create_table(con, "answer_sheet")
        rows = [(str(number), key.id, _sheet(key, golden)) for number, golden in enumerate(key.golden)]
        con.executemany("INSERT INTO answer_sheet VALUES (?, ?, ?)", rows)
        score(con, {key.id: key})
        scored = con.execute("SELECT subscales, scores FROM score_sheet ORDER BY response_id::INTEGER").fetchall()
    return [dict(zip(subscales, scores, strict=True)) for subscales, scores in scored]


def _sheet(key: Instrument, golden: Golden) -> list[int | None]:
    items = range(1, key.items + 1)
    return [None if item in golden.blank else golden.other.get(item, golden.all) for item in items]


def _lines(path: Path) -> list[int]:
    """The line that each example begins in."""
    content = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert content, "it was read as a key before"
    examples = next(value for name, value in content.value if name.value == "golden")
    return [example.start_mark.line + 1 for example in examples.value]


def _same(given: float | None, expected: float | None) -> bool:
    if given is None or expected is None:
        return given is expected
    return isclose(given, expected, rel_tol=_NEAR, abs_tol=_NEAR)


def _shown(score_: float | None) -> str:
    return "no score" if score_ is None else f"{score_:.10g}"
