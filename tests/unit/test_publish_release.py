"""publish/release.py: a release is whole or not there, is never changed, and says what it is."""

import hashlib
import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.publish import release as module
from cfc_pipeline.publish.release import read_release, release_name, write_release
from cfc_pipeline.publish.written import as_written
from tests.published import REASONS, WHEN, flow, outcomes, programme, release_tables, table


def _write(folder: Path, when: datetime = WHEN) -> Path:
    return write_release(programme(folder), [flow(), table()], when=when, version="0.1.0", source={"run": "7"})


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_release_has_every_format_and_its_record(tmp_path: Path) -> None:
    release = write_release(programme(tmp_path), release_tables(), when=WHEN, version="0.1.0", source={"run": "7"})
    assert release == tmp_path / "releases" / "2026-11-20T030005Z"
    names = [t.name for t in release_tables()]
    assert set(_bytes(release)) == {
        "index.html",
        "release.json",
        "tables.xlsx",
        *(f"tables/{name}.{suffix}" for name in names for suffix in ("html", "csv", "parquet")),
    }
    record = json.loads((release / "release.json").read_text())
    for name, checksum in record["files"].items():
        assert checksum == "sha256:" + hashlib.sha256((release / name).read_bytes()).hexdigest()
    assert set(record["files"]) == set(_bytes(release)) - {"release.json"}
    assert record["synthetic"] is True
    assert record["source"] == {"run": "7"}
    assert record["disclosure"] == {"profile": "default", "off_because": None}
    assert record["versions"]["cfc-pipeline"] == "0.1.0"
    example = next(t for t in record["tables"] if t["name"] == "response_flow")
    assert example["hidden"] == {"SMALL_COUNT": {"cells": 4, "because": REASONS["SMALL_COUNT"]}}
    assert example["figures"] == 36


def test_the_same_tables_and_time_make_the_same_bytes(tmp_path: Path) -> None:
    assert _bytes(_write(tmp_path / "a")) == _bytes(_write(tmp_path / "b"))


def test_latest_points_to_the_newest_and_earlier_releases_stay(tmp_path: Path) -> None:
    first = _write(tmp_path)
    before = _bytes(first)
    second = _write(tmp_path, WHEN + timedelta(seconds=1))
    latest = tmp_path / "releases" / "latest"
    assert latest.is_symlink()
    assert os.readlink(latest) == second.name  # relative, so that the folder can be copied elsewhere
    assert _bytes(first) == before


def test_a_release_of_the_same_second_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    before = _bytes(_write(tmp_path))
    with pytest.raises(ReleaseError, match="already a release of this second"):
        _write(tmp_path)
    assert _bytes(tmp_path / "releases" / "latest") == before


@pytest.mark.parametrize("step", ["write_workbook", "page", "check_files", "_flush", "_point_latest"])
def test_a_run_that_dies_anywhere_leaves_no_half_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = _write(tmp_path)
    whole = set(_bytes(first))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, step, die)
        with pytest.raises(KeyboardInterrupt):
            _write(tmp_path, WHEN + timedelta(hours=1))
    releases = tmp_path / "releases"
    for visible in (p for p in releases.iterdir() if not p.name.startswith(".")):
        assert set(_bytes(visible)) == whole
    assert (releases / "latest").resolve() == first
    third = _write(tmp_path, WHEN + timedelta(hours=2))
    assert (releases / "latest").resolve() == third
    assert not list(releases.glob(".building-*"))


def test_a_file_that_does_not_read_back_stops_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "csv_bytes", lambda _: b'"n"\r\n1\r\n')
    with pytest.raises(ReleaseError, match="did not read back"):
        _write(tmp_path)
    assert [p.name for p in (tmp_path / "releases").iterdir() if not p.name.startswith(".")] == []


def test_two_writers_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    with module._alone(tmp_path / "releases"), pytest.raises(ReleaseError, match="Another run"):
        _write(tmp_path)


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="same name"):
        write_release(programme(tmp_path), [table(), table()], when=WHEN, version="0", source={})
    alike = [table("a" * 31 + "b"), table("a" * 31 + "c")]  # Excel would cut both to one sheet
    with pytest.raises(ReleaseError, match="same name"):
        write_release(programme(tmp_path), alike, when=WHEN, version="0", source={})


def test_a_release_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    again = read_release(_write(tmp_path))
    for one, other in zip(again, [as_written(flow()), as_written(table())], strict=True):
        assert one.values.equals(other.values)
        assert one.hidden.equals(other.hidden)
        assert (one.name, one.columns, one.notes) == (other.name, other.columns, other.notes)
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_release(tmp_path)


def test_names_sort_by_time_and_need_a_zone() -> None:
    assert release_name(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T030405Z"
    with pytest.raises(ValueError, match="zone"):
        release_name(datetime(2026, 1, 2))


def test_the_page_says_what_was_found_in_careful_words(tmp_path: Path) -> None:
    release = write_release(programme(tmp_path), release_tables(), when=WHEN, version="0.1.0", source={})
    html = (release / "index.html").read_text(encoding="utf-8")
    assert "SYNTHETIC DATA" in html
    assert "91 people enrolled, 85 agreed to the evaluation, 78 answered before, 73 answered after" in html
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html[html.index('<table class="findings">') : html.index("</table>")])
    assert cells[:6] == ["+2.90", "1.60 to 4.20", "72", "9", "higher after than before", "+2.40"]
    assert cells[10:15] == ["+0.20", "−0.70 to 1.10", "72", "9", "not clear: could be a rise or a fall"]
    assert not [word for word in ("improved", "because of the programme", "led to", "effective") if word in html]
    assert html.count("<svg ") == 5 + 4 + 2
    assert "<script" not in html
    assert "http://" not in html.replace('xmlns="http://www.w3.org/2000/svg"', "").replace("http://www.w3.org/", "")


def test_rules_that_are_off_are_said_above_everything(tmp_path: Path) -> None:
    off = table(off_because="the partner has agreed in writing")
    release = write_release(programme(tmp_path), [off], when=WHEN, version="0", source={})
    sentence = "Nothing is hidden in this release. The reason given: the partner has agreed in writing"
    for page in release.rglob("*.html"):
        assert page.read_text(encoding="utf-8").index(sentence) < 8000
    assert json.loads((release / "release.json").read_text())["disclosure"]["off_because"]


def test_a_programme_with_nothing_to_say_still_has_a_page(tmp_path: Path) -> None:
    release = write_release(programme(tmp_path), [], when=WHEN, version="0", source={})
    assert "None of the 0 figures" in (release / "index.html").read_text(encoding="utf-8")
    only = write_release(programme(tmp_path), [outcomes()], when=WHEN + timedelta(seconds=1), version="0", source={})
    assert "What changed" in (only / "index.html").read_text(encoding="utf-8")


def test_the_page_begins_with_what_everybody_reads_and_folds_the_tables(tmp_path: Path) -> None:
    tables = [
        *release_tables(),
        table("cohort_outcomes", title="Each cohort"),
        table("new_table", title="Something new"),
    ]
    release = write_release(programme(tmp_path), tables, when=WHEN, version="0.1.0", source={"run": "7"})
    page = (release / "index.html").read_text()
    assert page.startswith("<!doctype html>")
    places = [
        page.index(f'id="{name}"') for name in ("in-short", "people", "changes", "hidden", "statistician", "cohorts")
    ]
    assert places == sorted(places)
    contents = page[page.index("<nav") : page.index("</nav>")]
    for link in re.findall(r'href="#([^"]+)"', contents):
        assert page.count(f'id="{link}"') == 1, link
    # A table that no section knows is there all the same, among those for the statistician.
    assert (
        page.index('id="statistician"') < page.index('id="more"') < page.index("Something new", page.index('id="more"'))
    )
    for name in [t.name for t in tables]:
        before = page[: page.index(f'id="table-{name}"')]
        assert before.count("<details") == before.count("</details>") + 1, name
    # On paper a folded table stays folded, and says so.
    assert "(folded, so not printed)" in page
    assert "details-content" not in page
    assert {'id="cohorts" class="technical"', 'id="more" class="technical"'} <= set(
        re.findall(r'id="\w+" class="technical"', page)
    )
    assert ".technical:not(:has(details[open]))" in page


def test_every_figure_of_the_page_names_its_own_headings_in_few_characters(tmp_path: Path) -> None:
    tables = release_tables()
    release = write_release(programme(tmp_path), tables, when=WHEN, version="0.1.0", source={})
    page = (release / "index.html").read_text(encoding="utf-8")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    named = [one for headers in re.findall(r' headers="([^"]+)"', page) for one in headers.split()]
    assert named
    assert set(named) <= set(ids)
    assert not any(one.startswith(t.name) for t in tables for one in named)


def test_what_one_table_of_a_section_says_those_below_do_not_say_again(tmp_path: Path) -> None:
    everywhere, of_two, of_one = "Said by all.", "Said by two.", "Said by one."
    tables = [
        table("multi_year_outcomes", rows=[], notes=(everywhere, of_two), title="Years"),
        table("later_outcomes", rows=[], notes=(everywhere, of_two, of_one), title="Later"),
        *(table(name, rows=[], notes=(everywhere,)) for name in ("one", "two", "three")),
    ]
    release = write_release(programme(tmp_path), tables, when=WHEN, version="0.1.0", source={})
    page = (release / "index.html").read_text()
    assert [page.count(note) for note in (everywhere, of_two, of_one)] == [1, 1, 1]
    assert page.index(everywhere) > page.index('id="hidden"')
    assert page.index("See also the notes under: Years.") > page.index('id="table-later_outcomes"')
    alone = (release / "tables" / "later_outcomes.html").read_text()
    assert all(note in alone for note in (everywhere, of_two, of_one))
    assert "See also" not in alone


def test_a_browser_that_darkens_pages_leaves_the_charts_readable(tmp_path: Path) -> None:
    release = write_release(programme(tmp_path), release_tables(), when=WHEN, version="0.1.0", source={})
    for page in release.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert '<meta name="color-scheme" content="only light">' in text, page.name
        assert ".chart svg { forced-color-adjust: none; background: #fff; }" in text, page.name


def test_the_page_of_a_table_leads_back_to_its_release(tmp_path: Path) -> None:
    release = write_release(programme(tmp_path), release_tables(), when=WHEN, version="0.1.0", source={})
    for alone in (release / "tables").glob("*.html"):
        (target,) = re.findall(r'href="([^"]+)"', alone.read_text(encoding="utf-8"))
        assert (alone.parent / target).resolve() == (release / "index.html").resolve()
