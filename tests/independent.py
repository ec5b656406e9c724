"""The referee: every figure of cohort_outcomes and multi_year_outcomes, worked out from the raw demo files alone.

It shares no code with the package: it opens the exports with csv and openpyxl, reads programme.yaml as plain YAML,
writes the scoring keys out again, goes person by person in plain Python, and takes the statistics from their
definitions and scipy.stats. Nothing is hidden here. Call it before intake empties the inbox.
"""

import csv
import fnmatch
import io
import json
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import yaml
from scipy import optimize, special, stats

Key = tuple[str, str | None, str, str, str, str]  # level, cohort or year, instrument, subscale, from, to
Figures = dict[str, float | int | None]
Scores = dict[tuple[str, str], float | None]  # instrument and subscale
Cells = dict[str, str]

# The published keys, written out again.
ENGAGEMENT, ACTION = (1, 2, 4, 5, 6, 8), (9, 10, 12, 13)
CEAS = ("ceas_self", "ceas_to_others", "ceas_from_others")
RANGES = {**dict.fromkeys(CEAS, 10), "brs": 5, "swemwbs": 5, "cfc_perceived_impact": 5}
# Metric scores of the raw sums 7 to 35.
SWEMWBS = (
    7.00, 9.51, 11.25, 12.40, 13.33, 14.08, 14.75, 15.32, 15.84, 16.36, 16.88, 17.43, 17.98, 18.59, 19.25, 19.98,
    20.73, 21.54, 22.35, 23.21, 24.11, 25.03, 26.02, 27.03, 28.13, 29.31, 30.70, 32.55, 35.00,
)  # fmt: skip


def score(answers: dict[tuple[str, int], int], instrument: str) -> Scores:
    """Subscale scores of one response; None where too few items were answered."""
    given = {item: value for (name, item), value in answers.items() if name == instrument}
    if instrument in CEAS:
        parts = {"engagement": ENGAGEMENT, "action": ACTION, "total": ENGAGEMENT + ACTION}
        return {
            (instrument, part): float(sum(given[i] for i in items)) if all(i in given for i in items) else None
            for part, items in parts.items()
        }
    if instrument == "brs":
        turned = [6 - v if item in (2, 4, 6) else v for item, v in given.items()]
        return {(instrument, "total"): sum(turned) / len(turned) if len(turned) >= 4 else None}
    assert instrument == "swemwbs"
    return {(instrument, "total"): SWEMWBS[sum(given.values()) - 7] if len(given) == 7 else None}


# --- statistics ---


# What cannot be said of a single pair.
UNKNOWN = (
    *("pre_sd", "post_sd", "change_sd", "correlation", "ci_low", "ci_high"),
    *("g_z", "g_z_low", "g_z_high", "t_value", "p_value"),
)


def paired(before: list[float], after: list[float]) -> Figures:
    """Paired figures of one group, as the contract of paired_change names them."""
    n = len(before)
    change = [b - a for a, b in zip(before, after, strict=True)]
    figures: Figures = {"n_paired": n, "pre_mean": None, "post_mean": None, "mean_change": None}
    if n:
        figures |= {
            "pre_mean": statistics.fmean(before),
            "post_mean": statistics.fmean(after),
            "mean_change": statistics.fmean(change),
        }
    figures |= dict.fromkeys(UNKNOWN)
    if n < 2:
        return figures
    sd = statistics.stdev(change)
    figures |= {"pre_sd": statistics.stdev(before), "post_sd": statistics.stdev(after), "change_sd": sd}
    if figures["pre_sd"] and figures["post_sd"]:
        figures["correlation"] = float(np.corrcoef(before, after)[0, 1])
    if sd == 0:
        return figures
    test = stats.ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    figures |= {"t_value": float(test.statistic), "p_value": float(test.pvalue)}
    figures |= {"ci_low": float(interval.low), "ci_high": float(interval.high)}
    return figures | standardised(float(test.statistic), n)


def standardised(t: float, n: int) -> Figures:
    """g_z = J t / sqrt(n), with its interval from the non-centrality parameters that put t at 2.5 and 97.5 %."""
    m = n - 1
    j = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2) if m > 1 else None
    if j is None:
        return {}

    def centre(share: float) -> float:
        return float(
            optimize.brentq(lambda c: noncentral_t(t, m, c) - share, t - 4 - abs(t), t + 4 + abs(t), xtol=1e-11)
        )

    factor = j / math.sqrt(n)
    return {"g_z": factor * t, "g_z_low": factor * centre(0.975), "g_z_high": factor * centre(0.025)}


NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def noncentral_t(t: float, df: int, centre: float) -> float:
    """P(T <= t) from the definition: normal over root chi-square, integrated over the latter (u = sqrt(chi2 / df))."""
    low, high = (math.sqrt(x / df) for x in (stats.chi2.ppf(1e-16, df), stats.chi2.isf(1e-16, df)))
    u = (high + low) / 2 + (high - low) / 2 * NODES
    log_density = math.log(2) + df / 2 * math.log(df / 2) - special.gammaln(df / 2)
    density = np.exp(log_density + (df - 1) * np.log(u) - df * u * u / 2)
    return float((high - low) / 2 * (WEIGHTS * special.ndtr(t * u - centre) * density).sum())


def pooled(groups: list[list[float]]) -> Figures:
    """DerSimonian-Laird with the Hartung-Knapp interval over cohorts' mean changes; groups under 2 people are out."""
    usable = [g for g in groups if len(g) >= 2 and statistics.variance(g) > 0]
    if len(usable) < 2:
        return {}
    effects = [statistics.fmean(g) for g in usable]
    variances = [statistics.variance(g) / len(g) for g in usable]
    tau2, i2 = _between(effects, variances)
    weights = [1 / (v + tau2) for v in variances]
    mean = sum(w * y for w, y in zip(weights, effects, strict=True)) / sum(weights)
    df = len(usable) - 1
    spread = sum(w * (y - mean) ** 2 for w, y in zip(weights, effects, strict=True))
    se = math.sqrt(spread / df / sum(weights))
    t = mean / se
    half = float(stats.t.ppf(0.975, df)) * se
    return {
        "n_paired": sum(map(len, usable)),
        "n_cohorts": len(usable),
        "mean_change": mean,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "t_value": t,
        "p_value": float(2 * stats.t.sf(abs(t), df)),
        "tau2": tau2,
        "i2": i2,
    }


def _between(effects: list[float], variances: list[float]) -> tuple[float, float]:
    weights = [1 / v for v in variances]
    fixed = sum(w * y for w, y in zip(weights, effects, strict=True)) / sum(weights)
    q = sum(w * (y - fixed) ** 2 for w, y in zip(weights, effects, strict=True))
    df = len(effects) - 1
    c = sum(weights) - sum(w * w for w in weights) / sum(weights)
    return max(0.0, (q - df) / c), max(0.0, 100 * (q - df) / q)


# --- files ---


@dataclass
class Row:
    """One record of a file, with its cells under the names that programme.yaml uses."""

    number: int
    cells: Cells
    record: str = ""
    submitted: str = ""
    complete: bool = True
    test: bool = False


@dataclass
class Person:
    name: str
    cohort: str
    consented: bool
    withdrawn: bool


@dataclass
class Answered:
    """One accepted questionnaire of one person."""

    person: str
    cohort: str
    point: str
    complete: bool
    at: datetime
    place: tuple[int, int]  # file, row
    answers: dict[tuple[str, int], int]


@dataclass
class Folder:
    """A programme as plain data."""

    setup: dict[str, Any]
    files: list[tuple[dict[str, Any], list[Row]]]  # survey entry, rows
    fixes: list[dict[str, str]]
    people: dict[str, Person] = field(default_factory=dict)  # by address and by code


Grid = list[list[str]]


def read_folder(path: Path) -> Folder:
    setup = yaml.safe_load((path / "programme.yaml").read_text(encoding="utf-8"))
    with (path / "corrections.csv").open(encoding="utf-8-sig", newline="") as file:
        fixes = list(csv.DictReader(file))
    files = [(entry, rows) for file in sorted((path / "inbox").iterdir()) for entry, rows in [open_file(file, setup)]]
    folder = Folder(setup, files, fixes)
    enrol(folder)
    return folder


def open_file(path: Path, setup: dict[str, Any]) -> tuple[dict[str, Any], list[Row]]:
    """The survey entry that a file belongs to, by its name or else as the only one whose items it holds; its rows."""
    grid = open_grid(path)
    named = [e for e in setup["surveys"] if "files" in e and fnmatch.fnmatch(path.name, e["files"])]
    for entry in named or [e for e in setup["surveys"] if "files" not in e]:
        rows = READERS[entry["tool"]](grid)
        wanted = {column for scale in entry.get("scales", []) for column in scale["items"].values()}
        if named or (rows and wanted <= set(rows[0].cells)):
            return entry, rows
    raise AssertionError(f"no entry for a file of {len(grid)} rows")


def open_grid(path: Path) -> Grid:
    data = path.read_bytes()
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path, read_only=False).worksheets[0]
        return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def tidy(text: str) -> str:
    return " ".join(text.split())


def rows_of(keys: list[str], grid: Grid, headers: int) -> Iterator[tuple[int, Cells]]:
    for number, row in enumerate(grid[headers:], start=headers + 1):
        yield number, {key: cell.strip() for key, cell in zip(keys, row, strict=False)}


def qualtrics(grid: Grid) -> list[Row]:
    """Three header rows, the third with ImportIds; or two in the old layout, where system columns are V1 to V10."""
    if any("ImportId" in cell for cell in grid[2]):
        ids = [json.loads(cell) for cell in grid[2]]
        keys = [f"{i['ImportId']}:{i['choiceId']}" if "choiceId" in i else str(i["ImportId"]) for i in ids]
        names, headers = ("_recordId", "recordedDate", "finished", "status"), 3
    else:
        keys, headers = grid[0], 2
        names = ("V1", "V9", "V10", "V7")
        keys = [text if text == "EmailAddress" else key for key, text in zip(keys, grid[1], strict=True)]
    record, submitted, finished, status = names
    return [
        Row(
            number,
            cells,
            record=cells[record],
            submitted=cells[submitted],
            complete=cells[finished] in ("1", "True"),
            test=cells[status] not in ("0", "IP Address"),
        )
        for number, cells in rows_of(keys, grid, headers)
    ]


def ms_forms(grid: Grid) -> list[Row]:
    rows = rows_of([tidy(cell) for cell in grid[0]], grid, 1)
    return [Row(n, cells, record=cells["ID"], submitted=cells["Completion time"]) for n, cells in rows]


def google_forms(grid: Grid) -> list[Row]:
    rows = rows_of([tidy(cell) for cell in grid[0]], grid, 1)
    return [Row(n, cells, submitted=cells["Timestamp"]) for n, cells in rows]


def surveymonkey(grid: Grid) -> list[Row]:
    keys, question = [], ""
    for upper, lower in zip(grid[0], grid[1], strict=True):
        question = tidy(upper) or question
        plain = tidy(lower) in ("", "Response", "Open-Ended Response")
        keys.append(question if plain else f"{question} | {tidy(lower)}")
    rows = rows_of(keys, grid, 2)
    return [Row(n, cells, record=cells["Respondent ID"], submitted=cells["End Date"]) for n, cells in rows]


def limesurvey(grid: Grid) -> list[Row]:
    """Codes or full texts as headings; a form without a day of sending in was not finished."""
    keys = [tidy(cell) for cell in grid[0]]
    full = {"Response ID": "id", "Date submitted": "submitdate", "Access code": "token"}
    keys = [full.get(key, key) for key in keys]
    rows = rows_of(keys, grid, 1)
    return [
        Row(
            number,
            cells,
            record=cells["id"],
            submitted="" if cells["submitdate"].startswith("1980-01-01") else cells["submitdate"] or cells["datestamp"],
            complete=cells["submitdate"] != "",
        )
        for number, cells in rows
        if any(cells.values())
    ]


def plain_table(grid: Grid) -> list[Row]:
    return [Row(number, cells) for number, cells in rows_of([tidy(cell) for cell in grid[0]], grid, 1)]


READERS = {
    "qualtrics": qualtrics,
    "ms_forms": ms_forms,
    "google_forms": google_forms,
    "surveymonkey": surveymonkey,
    "limesurvey": limesurvey,
    "table": plain_table,
}


def moment(text: str, entry: dict[str, Any], setup: dict[str, Any]) -> datetime | None:
    """The programme's clock; None where the text is no time in the order that the entry declares."""
    declared = entry.get("submitted", {})
    first = {"ymd": [], "mdy": ["%m/%d/%Y", "%m/%d/%y"], "dmy": ["%d/%m/%Y"]}[declared.get("order", "ymd")]
    zone = declared.get("timezone") or ("UTC" if entry["tool"] == "qualtrics" else setup["timezone"])
    stated = re.fullmatch(r"(.*) GMT([+-]\d+)?", text)
    body = stated.group(1) if stated else text
    for day in [*first, "%Y-%m-%d", "%Y/%m/%d"]:
        for clock in ("%H:%M:%S", "%I:%M:%S %p"):
            try:
                found = datetime.strptime(body, f"{day} {clock}")
            except ValueError:
                continue
            if stated:
                found = (found - timedelta(hours=int(stated.group(2) or 0))).replace(tzinfo=ZoneInfo("UTC"))
            else:
                found = found.replace(tzinfo=ZoneInfo(zone))
            return found.astimezone(ZoneInfo(setup["timezone"])).replace(tzinfo=None)
    return None


# --- who counts ---


def simplified(address: str) -> str:
    return "".join(address.split()).lower()


def label(text: str) -> str:
    return " ".join(text.split()).lower()


def enrol(folder: Folder) -> None:
    for entry, rows in folder.files:
        if entry["kind"] != "roster":
            continue
        columns, values = entry["fields"], entry.get("values", {})
        for row in rows:
            cell = {name: row.cells.get(column, "").strip() for name, column in columns.items()}
            known = [simplified(cell[k]) for k in ("email", "code") if cell.get(k)]
            cohort = values.get("cohort", {}).get(cell["cohort"], cell["cohort"])
            agreed = values.get("consent", {}).get(cell["consent"].lower(), cell["consent"].lower())
            if known:
                person = Person(known[0], cohort, agreed == "yes", bool(cell["withdrawn_on"]))
                # Known by address here and by code there, and still one person.
                folder.people |= dict.fromkeys(known, person)


def answered(folder: Folder) -> list[Answered]:
    """Every scale response that may count, before duplicates: one for each record, as its last file has it."""
    records: dict[tuple[str, str], tuple[dict[str, Any], Row, tuple[int, int]]] = {}
    for number, (entry, rows) in enumerate(folder.files):
        if entry["kind"] == "scale":
            for row in rows:
                record = row.record or json.dumps([row.submitted, row.cells], sort_keys=True)
                records[entry["id"], record] = (entry, row, (number, row.number))
    found = [judge(folder, entry, row, place) for entry, row, place in records.values()]
    return [a for a in found if a is not None]


def judge(folder: Folder, entry: dict[str, Any], row: Row, place: tuple[int, int]) -> Answered | None:
    """The response, or None where it is a test, empty, without consent, or not as it should be."""
    mend(folder, entry, row)
    answers = read_answers(entry, row)
    if row.test or answers == {}:
        return None
    at = moment(row.submitted, entry, folder.setup)
    known = simplified(row.cells.get(entry["person"]["column"], ""))
    if entry["person"]["by"] == "self_made":
        consent = entry["consent"]
        agreed = label(row.cells[consent["column"]]) in map(label, consent["yes"])
        person = Person(known, entry["cohort"], agreed, False)
    elif known in folder.people:
        person = folder.people[known]
    else:
        return None
    readable = at is not None or row.submitted == ""
    if not known or not person.consented or person.withdrawn or answers is None or not readable:
        return None
    cohort = person.cohort
    if isinstance(entry["cohort"], dict):
        cohort = entry["cohort"]["values"][row.cells[entry["cohort"]["column"]]]
    point = time_point(folder, entry, row, cohort, at)
    return Answered(person.name, cohort, point, row.complete, at or datetime.min, place, answers)


def mend(folder: Folder, entry: dict[str, Any], row: Row) -> None:
    for fix in folder.fixes:
        if (fix["survey"], fix["record"]) == (entry["id"], row.record) and row.cells.get(fix["column"]) == fix["was"]:
            row.cells[fix["column"]] = fix["value"]


def read_answers(entry: dict[str, Any], row: Row) -> dict[tuple[str, int], int] | None:
    """Numbers by instrument and item; None when any cell is neither a listed label nor a number in range."""
    answers = {}
    for scale in entry["scales"]:
        meanings = {label(text): number for text, number in scale.get("answers", {}).items()}
        for item, column in scale["items"].items():
            text = row.cells.get(column, "").strip()
            if not text:
                continue
            value = meanings.get(label(text), int(text) if re.fullmatch(r"\d+", text) else 0)
            if not 1 <= value <= RANGES[scale["instrument"]]:
                return None
            answers[scale["instrument"], item] = value
    return answers


def time_point(folder: Folder, entry: dict[str, Any], row: Row, cohort: str, at: datetime | None) -> str:
    setting = entry["time_point"]
    if isinstance(setting, dict):
        return str(setting["values"][row.cells[setting["column"]]])
    if setting != "calendar":
        return str(setting)
    assert at is not None, "a form without a date has no place in the calendar"
    dates = next(c for c in folder.setup["cohorts"] if c["id"] == cohort)
    day = at.date()
    if day <= dates["start"] + timedelta(days=21):
        return "pre"
    if day >= dates["end"] + timedelta(days=60):
        return "follow_up"
    return "post" if day >= dates["end"] - timedelta(days=28) else "mid"


def counted(responses: list[Answered]) -> list[Answered]:
    """Of one person's responses at one time point, the latest complete one."""
    best: dict[tuple[str, str, str], Answered] = {}
    for r in sorted(responses, key=lambda r: (r.complete, r.at, r.place)):
        best[r.person, r.cohort, r.point] = r
    return list(best.values())


# --- all figures ---

INSTRUMENTS = (*CEAS, "brs", "swemwbs")
CHANGES = (("pre", "mid"), ("pre", "post"), ("pre", "follow_up"))


def outcomes(path: Path) -> dict[Key, Figures]:
    """Figures of every cohort, every year, all years as one group, and pooled over cohorts, where anybody is paired."""
    folder = read_folder(path)
    years = {c["id"]: c["academic_year"] for c in folder.setup["cohorts"]}
    pairs = paired_people(counted(answered(folder)))
    figures: dict[Key, Figures] = {}
    for (instrument, subscale, start, end), by_cohort in pairs.items():
        groups: dict[tuple[str, str | None], list[tuple[float, float]]] = defaultdict(list)
        for cohort, people in by_cohort.items():
            for level, name in (("cohort", cohort), ("year", years[cohort]), ("all", None)):
                groups[level, name] += people
        for (level, name), people in groups.items():
            before, after = [list(side) for side in zip(*people, strict=True)]
            figures[level, name, instrument, subscale, start, end] = paired(before, after)
        if together := pooled([[b - a for a, b in people] for people in by_cohort.values()]):
            figures["pooled", None, instrument, subscale, start, end] = together
    return figures


Pairs = dict[tuple[str, str, str, str], dict[str, list[tuple[float, float]]]]


def paired_people(responses: list[Answered]) -> Pairs:
    """Instrument, subscale, from, to: cohort: before and after of everybody who has both scores."""
    scores: dict[tuple[str, str, str], Scores] = {}
    for r in responses:
        asked = {name for name, _ in r.answers}
        scores[r.person, r.cohort, r.point] = {
            k: v for name in sorted(asked) for k, v in score(r.answers, name).items()
        }
    pairs: Pairs = defaultdict(lambda: defaultdict(list))
    for (person, cohort, point), before in sorted(scores.items()):
        for start, end in CHANGES:
            after = scores.get((person, cohort, end), {}) if point == start else {}
            for key, value in before.items():
                later = after.get(key)
                if value is not None and later is not None:
                    pairs[(*key, start, end)][cohort].append((value, later))
    return pairs
