"""The documentation is true: its commands, queries and examples work, its links lead somewhere, nothing is left out."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from cfc_pipeline import errors
from cfc_pipeline.cli import app
from cfc_pipeline.cli.review import review
from cfc_pipeline.demo.people import invent_people
from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.sources import TITLES
from cfc_pipeline.sources.apis.api import APIS
from docs.make_reference import instrument_pages, renewed, schema_text
from schemas import DISCLOSURE, PROGRAMME_SCHEMA
from schemas.tables import TABLES
from tests.conftest import DemoRun
from tests.docs.pages import PAGES, ROOT, Block, anchors, blocks, by_hand, links

DOCS = ROOT / "docs"
SHELL = blocks("sh")
COMMENT = "c-0123456789abcdef0123"  # stands for a comment's id on the pages
EXPORT = "2024-10-17 2023-later.csv"


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def office(demo: DemoRun, tmp_path: Path) -> Path:
    """A folder as the pages assume it: the programme my-programme, a new survey's export, somebody's address."""
    shutil.copytree(demo.folder, tmp_path / "my-programme", symlinks=True)
    shutil.copy(demo.planted.folder / "inbox" / EXPORT, tmp_path / "export.csv")
    (tmp_path / "address.txt").write_text(next(p.email for p in invent_people(2026) if p.cohort.on_roster))
    return tmp_path


def bash(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("CFC_", "PREFECT_"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    line = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(line, cwd=cwd, env=ours | {"PATH": path}, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("page", sorted({b.page for b in SHELL if not b.why}), ids=named)
def test_commands_run(page: Path, office: Path, demo: DemoRun) -> None:
    with duckdb.connect(demo.folder / "data" / "analysis.duckdb", read_only=True) as con:
        ((waiting,),) = con.sql("SELECT min(comment_id) FROM comment WHERE state = 'waiting'").fetchall()
    for block in blocks("sh", page):
        if block.why:
            continue
        script = "\n".join(line for line in block.text.splitlines() if not line.startswith("make "))
        run = bash(script.replace(COMMENT, waiting), office)
        assert run.returncode == 0, f"{block.text}\n{run.stdout}\n{run.stderr}"


@pytest.mark.parametrize("block", SHELL, ids=lambda b: f"{named(b.page)}: {b.text.splitlines()[0]}")
def test_commands_exist(block: Block) -> None:
    """Also those that are not run: no page names a command or a target that is not there."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", block.text, re.MULTILINE)) <= targets
    words = re.findall(r"^(?:\S+/)?cfc-pipeline(?: -p \S+)? (\w[\w-]*)", block.text, re.MULTILINE)
    assert set(words) <= set(app), words


def test_every_page_says_why_it_does_not_run_a_command() -> None:
    assert all(len(block.why.split()) > 3 for block in SHELL if block.why)
    assert sum(not block.why for block in SHELL) > sum(bool(block.why) for block in SHELL)


@pytest.mark.parametrize("block", blocks("sql"), ids=lambda b: b.text.split("\n")[0][:60])
def test_queries_find_something(block: Block, demo: DemoRun) -> None:
    with duckdb.connect(demo.folder / "data" / "analysis.duckdb", read_only=True) as con:
        assert con.sql(block.text).fetchall()


def test_the_long_way_gives_the_published_change(demo: DemoRun) -> None:
    """The analysts' page says that two of its queries give the same figure."""
    short, long = (block.text.rstrip().rstrip(";") for block in blocks("sql", DOCS / "analyst.md")[:2])
    both = f"FROM ({short}) AS short LEFT JOIN ({long}) AS long USING (cohort_id, instrument, subscale)"
    with duckdb.connect(demo.folder / "data" / "analysis.duckdb", read_only=True) as con:
        ((rows, same),) = con.sql(
            f"SELECT count(*), count(*) FILTER (abs(short.mean_change - long.mean_change) < 1e-8) {both}"
        ).fetchall()
    assert rows == same > 0


@pytest.mark.parametrize("block", blocks("python"), ids=lambda b: b.text.split("\n")[2][:60])
def test_python_runs(block: Block, office: Path) -> None:
    line = [sys.executable, "-W", "error", "-c", block.text]
    run = subprocess.run(line, cwd=office / "my-programme", capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda b: f"{named(b.page)}: {b.text.strip().split(chr(10))[0]}")
def test_examples_of_settings_can_be_used(block: Block, tmp_path: Path) -> None:
    example: Any = yaml.safe_load(block.text)
    if "golden" in example:
        (tmp_path / f"{example['id']}.yaml").write_text(block.text, encoding="utf-8")
        assert example["id"] in load_instruments(tmp_path)
        return
    if "sixes" in example:
        (tmp_path / "disclosure.yaml").write_text(DISCLOSURE.read_text(encoding="utf-8") + block.text, encoding="utf-8")
        assert load_profile("sixes", tmp_path / "disclosure.yaml").smallest_count == 6
        return
    cohorts = [
        {"id": f"2025-{x}", "label": x, "academic_year": "2025/26", "start": "2025-09-15", "end": "2026-07-10"}
        for x in "ab"
    ]
    settings = {"name": "Example", "cohorts": cohorts}
    settings |= {"surveys": example} if isinstance(example, list) else example
    text = yaml.safe_dump(settings, sort_keys=False)
    for cohort in cohorts:  # dates are written without quotes in the file
        text = text.replace(f"'{cohort['start']}'", cohort["start"]).replace(f"'{cohort['end']}'", cohort["end"])
    (tmp_path / "programme.yaml").write_text(text, encoding="utf-8")
    assert load_programme(tmp_path).name == "Example"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_generated_parts_are_current(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == renewed(text), "run `make docs`"


def test_every_instrument_has_a_current_page() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in (DOCS / "instruments").glob("*.md")}
    assert pages == instrument_pages(), "run `make docs`"


def test_the_schema_for_editors_is_current() -> None:
    assert PROGRAMME_SCHEMA.read_text(encoding="utf-8") == schema_text(), "run `make docs`"


def test_every_command_is_explained() -> None:
    pages = "\n".join(by_hand(page) for page in PAGES)
    for of, before in ((app, ""), (review, "review ")):
        for name in (name for name in of if not name.startswith("-")):
            assert re.search(rf"cfc-pipeline(?: -p \S+)? {before}{name}\b|`{before}{name}", pages), name


def test_every_table_is_explained(demo: DemoRun) -> None:
    """By hand, not only in the generated dictionary; and each published one in what disclosure control does to it."""
    analyst, disclosure = by_hand(DOCS / "analyst.md"), by_hand(DOCS / "disclosure.md")
    assert [name for name in TABLES if f"`{name}`" not in analyst] == []
    published = (demo.folder / "releases" / "latest" / "tables").glob("*.csv")
    assert [path.stem for path in published if f"`{path.stem}`" not in disclosure] == []


def test_every_exit_code_says_what_to_do() -> None:
    operator = by_hand(DOCS / "operator.md")
    codes = {kind.exit_code for kind in errors.kinds()[1:]}
    assert {code for code in codes if not re.search(rf"^\| {code}\b", operator, re.MULTILINE)} == set()


def test_every_tool_that_is_fetched_from_is_told_about() -> None:
    fetched = (ROOT / "docs" / "survey-tools.md").read_text(encoding="utf-8").split("## Files")[0]
    assert all(fetched.count(f"\n| {TITLES[tool]} |") == 2 for tool in APIS)


def test_every_environment_variable_is_listed() -> None:
    code = [*(ROOT / "src").rglob("*.py"), *(ROOT / "flows").glob("*.py"), ROOT / "prefect.yaml"]
    used = {name for path in code for name in re.findall(r"\bCFC_[A-Z_]+", path.read_text(encoding="utf-8"))}
    assert used - set(re.findall(r"`(CFC_\w+)`", by_hand(DOCS / "operator.md"))) == set()


def test_every_reason_for_a_row_says_what_to_do(demo: DemoRun) -> None:
    page = by_hand(DOCS / "manager.md")
    with duckdb.connect(demo.folder / "data" / "analysis.duckdb", read_only=True) as con:
        found = con.sql("SELECT DISTINCT reason FROM data_quality WHERE outcome = 'quarantined' ORDER BY reason")
        reasons = [re.sub(r"\d+ to \d+", "1 to 10", reason) for (reason,) in found.fetchall()]
    assert [reason for reason in reasons if reason not in page] == []


def test_the_intake_report_is_that_of_the_demo(demo: DemoRun) -> None:
    with duckdb.connect(demo.folder / "data" / "analysis.duckdb", read_only=True) as con:
        run = "SELECT rows_in, stored, unchanged, quarantined, excluded FROM pipeline_run ORDER BY run_id LIMIT 1"
        ((rows_in, *fates),) = con.sql(run).fetchall()
    names = ("stored", "unchanged", "quarantined", "excluded")
    line = f"{rows_in} rows in = {' + '.join(f'{n} {name}' for n, name in zip(fates, names, strict=True))}"
    assert line in by_hand(DOCS / "manager.md")


def test_pictures_are_small() -> None:
    assert all(path.stat().st_size < 200_000 for path in (DOCS / "images").iterdir())
