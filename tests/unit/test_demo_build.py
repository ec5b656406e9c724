"""The synthetic programme is whole, repeatable, dirty in every way, and carries what it says it planted."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from cfc_pipeline.demo.build import build_demo, clear_demo
from cfc_pipeline.demo.dirt import KINDS
from cfc_pipeline.demo.layouts import LAYOUTS
from cfc_pipeline.demo.people import COHORTS, invent_people
from cfc_pipeline.demo.planted import Planted
from cfc_pipeline.demo.surveys import FORMS
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.intake.recognise import assign
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.sources import read_export
from tests.independent import Folder, answered, counted, outcomes, read_folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return build_demo(tmp_path_factory.mktemp("demo") / "programme")


@pytest.fixture(scope="module")
def raw(demo: Planted) -> Folder:
    return read_folder(demo.folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the folder but the secret key, which is new each time."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "secret.key"]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def text_of(path: Path) -> str:
    """Everything that somebody who opens the file can read, with its name."""
    data = path.read_bytes()
    if path.suffix == ".xlsx":
        book = zipfile.ZipFile(io.BytesIO(data))
        data = b"\n".join(book.read(name) for name in book.namelist())
    encoding = "utf-16" if path.suffix == ".tsv" else "utf-8"
    return path.name + data.decode(encoding, errors="replace")


def test_same_seed_same_bytes(demo: Planted, tmp_path: Path) -> None:
    again = build_demo(tmp_path / "again")
    assert contents(again.folder) == contents(demo.folder)
    assert (again.values, again.files) == (demo.values, demo.files)


def test_another_seed_gives_other_people(demo: Planted, tmp_path: Path) -> None:
    other = build_demo(tmp_path / "other", seed=7)
    assert [p.name for p in invent_people(7)] != [p.name for p in invent_people(2026)]
    assert {file.survey for file in other.files} == {file.survey for file in demo.files}


def test_three_years_of_cohorts_as_large_as_real_ones() -> None:
    years = Counter(c.academic_year for c in COHORTS)
    assert list(years) == ["2023/24", "2024/25", "2025/26"]
    assert all(3 <= n <= 4 for n in years.values())
    assert all(8 <= c.size <= 16 for c in COHORTS)


def test_every_layout_and_every_way_of_telling_is_used() -> None:
    assert {form.layout for form in FORMS} == set(LAYOUTS)
    assert {form.time_point for form in FORMS} == {"fixed", "column", "calendar"}
    assert {form.cohort for form in FORMS} == {"roster", "column", "fixed"}
    assert {form.person for form in FORMS} == {"email", "code", "self_made", "anonymous"}
    assert {form.labels for form in FORMS if form.kind == "scale"} == {True, False}


def test_programme_is_synthetic_and_loads_without_mistakes(demo: Planted) -> None:
    programme = load_programme(demo.folder)
    assert programme.synthetic
    assert len(programme.surveys) == len(FORMS) + 3


def test_every_file_is_read_and_fits_its_entry(demo: Planted) -> None:
    programme = load_programme(demo.folder)
    assert sorted(p.name for p in programme.inbox.iterdir()) == [file.name for file in demo.files]
    for file in demo.files:
        table = read_export((programme.inbox / file.name).read_bytes(), file.name)
        assert assign(table, file.name, programme.surveys).id == file.survey, file.survey
        assert table.rows.collect().height == file.rows, file.survey


def test_every_kind_of_dirt_is_there(demo: Planted) -> None:
    damage = {"empty_row", "unreadable_date", "day_and_month_swapped", "repeated", "neither_address_nor_code"}
    people = {"no_consent", "withdrawn", "superseded", "mended_later"}
    missing = [kind for kind in {*KINDS, *damage, *people} if demo.count(kind) == 0]
    assert missing == []


def test_some_files_come_again(demo: Planted) -> None:
    surveys = Counter(file.survey for file in demo.files)
    assert {s for s, n in surveys.items() if n > 1} == {
        "roster",
        "2023-before",
        "2023-sessions",
        "2024-before",
        "2025-north",
    }
    original, copy = [f.name for f in demo.files if f.survey == "2023-before"]
    inbox = demo.folder / "inbox"
    assert (inbox / original).read_bytes() == (inbox / copy).read_bytes()


def test_what_is_planted_is_in_the_inbox(demo: Planted) -> None:
    everything = "\n".join(text_of(p) for p in sorted((demo.folder / "inbox").iterdir()))
    exact_times = [v for v in demo.values if v[0] in "012" and v.count(":") == 2]
    absent = [v for v in demo.values if v not in exact_times and v not in everything]
    assert absent == []
    assert sum(v in everything for v in exact_times) >= len(FORMS) / 2
    assert len(demo.values) == len(set(demo.values))
    assert min(map(len, demo.values)) >= 6, "a short value would be found by chance"


def test_one_cohort_has_two_schools_and_one_few_pairs(demo: Planted, raw: Folder) -> None:
    people = invent_people(2026)
    assert len({p.school for p in people if p.cohort.id == "2023-coast"}) == 2
    figures = outcomes(demo.folder)
    paired = {
        k[1]: f["n_paired"] for k, f in figures.items() if k[0] == "cohort" and k[2:] == ("brs", "total", "pre", "post")
    }
    assert {cohort for cohort, n in paired.items() if n is not None and n < 8} == {"2023-partner"}


def test_one_cohort_is_of_one_mind(raw: Folder) -> None:
    entry, rows = next((e, r) for e, r in raw.files if e["id"] == "2024-impact")
    column = entry["scales"][0]["items"][8]
    codes = {p.email for p in invent_people(2026) if p.cohort.id == "2024-vale"}
    assert {row.cells[column] for row in rows if row.cells["Email"].strip().lower() in codes} == {"Increased a lot"}


def test_attrition_is_as_in_groups_like_these(raw: Folder) -> None:
    counted_at = {point: {a.person for a in counted(answered(raw)) if a.point == point} for point in ("pre", "post")}
    lost = counted_at["pre"] - counted_at["post"]
    assert 0.10 <= len(lost) / len(counted_at["pre"]) <= 0.25


def test_clearing_removes_an_earlier_demo_only(tmp_path: Path) -> None:
    build_demo(tmp_path / "demo")
    clear_demo(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
    clear_demo(tmp_path / "demo")  # nothing there: nothing to do
    real = tmp_path / "real"
    real.mkdir()
    (real / "programme.yaml").write_text("name: Somebody's work\n")
    with pytest.raises(ConfigError, match="not an earlier demo"):
        clear_demo(real)
    assert (real / "programme.yaml").exists()
