"""`explain`: every printed figure says what it is, and, inside the house, whom it counts."""

import json
import shutil
import subprocess
import sys

import pytest
import python_calamine

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.publish.meaning import meaning_of
from cfc_pipeline.publish.tidy import load_parquet
from cfc_pipeline.publish.written import figures, number, texts
from cfc_pipeline.recipes.explain import Cell, contents, explain, explained, in_lines
from tests.conftest import command

EVERY = 61  # of the figures are explained one by one below; a prime, so that every column comes up


@pytest.fixture(scope="module")
def tables(demo):
    files = sorted((demo.folder / "releases" / "latest" / "tables").glob("*.parquet"))
    return [load_parquet(path) for path in files]


def test_every_figure_says_what_it_is(tables):
    keys = [(table.name, column.key) for table in tables for column in figures(table)]
    assert len(keys) > 80
    assert [key for key in keys if meaning_of(*key) is None] == []


def test_every_column_of_every_table_is_explained_shown_and_hidden(tables):
    """A table that somebody adds without words of explanation fails here."""
    for table in tables:
        for place, column in enumerate(table.columns):
            if column.kind == "text":
                continue
            cells = texts(table, column)
            kinds = [cell if cell.startswith("[") else "shown" for cell in cells]
            for text in dict.fromkeys(kinds):
                found = explained(table, Cell(kinds.index(text), place), "now")
                where = (table.name, column.key, text)
                assert found.meaning, where
                assert found.row, where
                assert found.rule, where
                assert bool(found.why_hidden) == (text == "[c]"), where


def test_every_table_says_whom_it_counts(demo, tables):
    """Inside the house: what a colleague adds to a release must answer this, too."""
    for table in tables:
        shown = [
            Cell(row, place).place
            for place, column in enumerate(table.columns)
            if column.kind != "text"
            for row, text in enumerate(texts(table, column))
            if not text.startswith("[")
        ]
        for place in shown[:1]:
            found = explain(demo.folder, table.name, place, inside=True)
            assert found.inside.steps, table.name


def test_an_answer_does_not_wait_for_what_it_does_not_need(demo):
    """Under a second, with the start of the program."""
    words = ["-p", str(demo.folder), "explain", "multi_year_outcomes", "F4"]
    script = (
        f"import sys; from cfc_pipeline.cli import app; app.meta({words!r}, result_action='return_value'); "
        "print({'pandas', 'pandera', 'pydantic', 'duckdb', 'scipy', 'great_tables'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.splitlines()[-1] == "set()"


def test_every_estimate_has_a_formula(tables):
    estimates = [(t.name, c.key) for t in tables for c in figures(t) if c.kind != "count"]
    assert [key for key in estimates if not meaning_of(*key).formula] == []


def test_the_exact_figure_is_the_printed_one_and_the_steps_add_up(demo, tables):
    """Sampled over all tables. Figures that may be over what is shown only are left out here: pooled ones, a year's
    interval, in which hidden cohorts count as one, the interval of the mixed model, those over all years beside people
    who left, those over sessions, and those beside attendance."""
    places = [
        (table, column, Cell(row, table.columns.index(column)))
        for table in tables
        for column in figures(table)
        if not column.key.startswith("pooled_") and "cluster" not in column.key
        for row in range(table.values.height)
        if texts(table, column)[row] not in ("[c]", "[z]")
        if not (table.name.startswith("attrition") and table.values["academic_year"][row] == "All years")
        if table.name not in ("session_trend", "session_response", "attendance_change")
        if not (table.name == "mixed_model" and column.key in ("ci_low", "ci_high", "mean_change"))
    ][::EVERY]
    assert len(places) > 40
    wrong = []
    for table, column, cell in places:
        found = explain(demo.folder, table.name, cell.place, inside=True)
        # Rounded first, as written.py does, so that a small negative figure is 0.00 and not -0.00.
        same = number(round(found.inside.exact, column.decimals) + 0.0, column) == found.value
        (_, everybody), *parts = found.inside.steps
        adds_up = table.name not in ("cohort_outcomes", "response_flow", "data_quality") or everybody == sum(
            n for _, n in parts
        )
        if not (same and adds_up and found.meaning):
            wrong.append((table.name, cell.place, found.value, found.inside.exact))
    assert wrong == []


def test_the_people_behind_a_change(demo):
    found = explain(demo.folder, "cohort_outcomes", "2023, city, resilience, n", inside=True)
    assert len(found.inside.participants) == len(set(found.inside.participants)) == int(found.value)
    assert all(person.startswith("p-") for person in found.inside.participants)
    assert not any(person in found.in_words() for person in found.inside.participants)


def test_a_hidden_figure_says_why_and_nothing_else(demo, tables):
    table = next(table for table in tables if table.name == "cohort_outcomes")
    row = table.hidden["mean_change"].is_not_null().arg_true()[0]
    column = next(i for i, c in enumerate(table.columns) if c.key == "mean_change")
    found = explain(demo.folder, table.name, Cell(row, column).place)
    assert found.value == "[c]"
    assert found.why_hidden
    assert found.inside is None
    assert set(found.beside.values()) == {"hidden"}


def test_places_are_those_of_the_workbook(demo, tables):

    book = python_calamine.CalamineWorkbook.from_path(demo.folder / "releases" / "latest" / "tables.xlsx")
    rows = book.get_sheet_by_name("multi_year_outcomes").to_python(skip_empty_area=False)
    found = explain(demo.folder, "multi_year_outcomes", "f7")
    assert found.place == "F7"
    assert float(found.value) == rows[6][5]
    assert found.heading == rows[2][5]
    assert Cell(0, 27).place == "AB4"


def test_words_that_fit_several_figures_are_answered_with_their_places(demo):
    with pytest.raises(ConfigError, match="2 figures fit") as refusal:
        explain(demo.folder, "multi_year_outcomes", "resilience, 2023, 95 % interval")
    assert "G4" in str(refusal.value)
    assert "H4" in str(refusal.value)


@pytest.mark.parametrize(
    ("table", "cell", "release", "says"),
    [
        ("multi_year_outcome", "F4", "latest", "did you mean"),
        ("multi_year_outcomes", "F3", "latest", "No figure is there"),
        ("multi_year_outcomes", "ZZ4", "latest", "No figure is there"),
        ("multi_year_outcomes", "no such measure", "latest", "No figure is there"),
        ("multi_year_outcomes", ", ,", "latest", "No figure is there"),
        ("multi_year_outcomes", "F4", "1999-01-01T000000Z", "no such release"),
        ("multi_year_outcomes", "F4", "../../data", "no such release"),
    ],
)
def test_what_is_not_there(demo, table, cell, release, says):
    with pytest.raises(ConfigError) as refusal:
        explain(demo.folder, table, cell, release=release)
    assert says in str(refusal.value)


def test_a_release_from_another_run_is_not_explained_by_this_data(demo, tmp_path):
    shutil.copytree(demo.folder, tmp_path / "p", symlinks=True)
    about = (tmp_path / "p" / "releases" / "latest").resolve() / "release.json"
    listed = json.loads(about.read_text())
    listed["source"]["run"] = "20200101T000000Z"
    about.chmod(0o644)
    about.write_text(json.dumps(listed))
    assert explain(tmp_path / "p", "multi_year_outcomes", "F4").value
    with pytest.raises(ConfigError, match="another run"):
        explain(tmp_path / "p", "multi_year_outcomes", "F4", inside=True)


def test_what_a_table_holds(demo):
    assert "cohort_outcomes: Change from before to after" in in_lines(contents(demo.folder, None))
    assert "F   2023/24: Mean change - How much" in in_lines(contents(demo.folder, "multi_year_outcomes"))


def test_as_a_user_types_it(demo, tmp_path):
    words = ("-p", demo.folder, "explain", "multi_year_outcomes", "F4")
    assert "What it is: How much" in command(*words, cwd=tmp_path).stdout
    assert json.loads(command(*words, "--json", cwd=tmp_path).stdout)["place"] == "F4"
