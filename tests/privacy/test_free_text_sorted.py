"""Comments sorted into themes: what a coder gets to see; who withdraws or is erased goes from sheets, codes and counts.
All people are synthetic."""

import csv

import pytest

from cfc_pipeline.cli import app
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.doctor import examine
from cfc_pipeline.recipes.erase import erase
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.review import comments, decide
from cfc_pipeline.recipes.rotate import rotate_key
from cfc_pipeline.recipes.themes import overview, read_sheet, write_sheet
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, WHEN, answer, ask, copied, describe, drop, person, take_in

MANY = range(1, 15)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Fourteen people of four schools, each with a comment."""
    folder = describe(tmp_path_factory.mktemp("made") / "p", ROSTER, BRS)
    drop(folder, "roster.csv", PEOPLE, [person(n) for n in MANY])
    drop(folder, "brs.csv", ANSWERS, [answer(n, comment=f"Breathing {n}") for n in MANY])
    take_in(folder)
    (folder / "themes.csv").write_text("id,label,definition\nbreath,Breathing,\nrest,Rest,\n")
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "p")


@pytest.fixture(scope="module")
def sorted_once(made, tmp_path_factory):
    folder = copied(made, tmp_path_factory.mktemp("sorted") / "p")
    sort_all(folder)
    return folder


@pytest.fixture
def both(sorted_once, tmp_path):
    """The same after two coders sorted all comments."""
    return copied(sorted_once, tmp_path / "both")


def fill(folder, coder, themes_of):
    """What a coder does in a spreadsheet: `themes_of` a comment's text."""
    path, count = write_sheet(folder, {}, coder)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["themes"] = themes_of(row["text"])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return count


def sort_all(folder):
    fill(folder, "k1", lambda text: "breath")
    fill(folder, "k2", lambda text: "rest; breath" if text.endswith("1") else "breath")
    assert [read_sheet(folder, {}, coder) for coder in ("k1", "k2")] == [(14, 0), (14, 0)]
    take_in(folder)


def counts(folder):
    return dict(ask(folder, "SELECT theme, n_comments FROM theme_count WHERE level = 'all'"))


def sheet_text(folder, coder):
    return (folder / "coding" / f"{coder}.csv").read_text(encoding="utf-8-sig")


def ids(folder):
    return dict(zip(*comments(folder, {}).select("text", "comment_id").get_columns(), strict=True))


def test_from_the_sheet_to_the_release(both):
    assert counts(both) == {None: 14, "breath": 14, "none": 0, "rest": 0}
    assert not (both / "coding" / "k1.csv").exists()
    found = overview(both, {})
    assert (found.missing, found.stale) == ([], [])
    assert {one["comment"] for one in found.differ} == {ids(both)["Breathing 1"], ids(both)["Breathing 11"]}
    assert fill(both, "agreed", lambda text: "rest") == 2
    read_sheet(both, {}, "agreed")
    take_in(both)
    assert counts(both) == {None: 14, "breath": 12, "none": 0, "rest": 2}
    assert audit.read(both)[-1]["what"] == "comments sorted"
    path = publish(both, now=WHEN).path
    table = (path / "tables" / "comment_themes.csv").read_text()
    assert '"Rest","[c]","[c]"' in table
    everything = "".join(p.read_text() for p in path.rglob("*") if p.suffix in (".html", ".csv", ".json"))
    assert not any(word in everything for word in ("k1", "Breathing 1", *ids(both).values()))


def test_quotes_stand_under_themes_whose_count_is_shown_only(both):
    known = ids(both)
    fill(both, "agreed", lambda text: "rest")
    read_sheet(both, {}, "agreed")
    decide(both, {}, [known["Breathing 1"], known["Breathing 2"]], "approved", "office")
    decide(both, {}, [known["Breathing 3"]], "rejected", "office")
    take_in(both)
    assert counts(both) == {None: 13, "breath": 11, "none": 0, "rest": 2}  # a rejected comment counts nowhere
    rows = (publish(both, now=WHEN).path / "tables" / "approved_comments.csv").read_text().splitlines()
    # Eleven of thirteen would tell the two others; so no theme is shown, and the quotes stand together.
    assert rows[1:] == ['"helped","Breathing 1"', '"helped","Breathing 2"'] or '"Other comments"' in rows[2]
    assert not any(row.startswith('"Rest"') for row in rows)


def test_a_sheet_is_for_its_owner_only_and_doctor_sees_when_it_is_not(folder):
    path, _ = write_sheet(folder, {}, "k1")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert "mend: others can read coding/k1.csv; run chmod go-rwx on it" in examine(folder, {})


def test_who_withdraws_goes_from_the_sheet_and_the_counts_and_their_codes_are_stale(both):
    (both / "codes.csv").rename(both / "kept.csv")
    write_sheet(both, {}, "k1")
    (both / "kept.csv").rename(both / "codes.csv")
    assert "Breathing 5" in sheet_text(both, "k1")
    drop(both, "roster2.csv", PEOPLE, [person(n, Withdrawn="2024-01-05" if n == 5 else "") for n in MANY])
    report = take_in(both)
    assert "Breathing 5" not in sheet_text(both, "k1")
    assert "Breathing 6" in sheet_text(both, "k1")
    assert counts(both)[None] == 13
    assert len(report.stale_codes) == 2
    assert overview(both, {}).stale == report.stale_codes


def test_who_is_erased_leaves_no_code_and_no_line_of_a_sheet(both):
    gone = ids(both)["Breathing 5"]
    fill(both, "agreed", lambda text: "")
    (both / "coding" / "old.csv").write_text("something else\n")
    done = erase(both, {}, "person5@school.example", now=WHEN)
    assert done.codes == 2
    assert gone not in (both / "codes.csv").read_text() + sheet_text(both, "agreed")
    assert not (both / "coding" / "old.csv").exists()
    assert counts(both)[None] == 13


def test_a_new_key_keeps_what_was_sorted_and_what_is_being_sorted(both):
    fill(both, "agreed", lambda text: "rest")
    before = counts(both)
    rotate_key(both, {}, now=WHEN)
    assert counts(both) == before
    assert read_sheet(both, {}, "agreed") == (2, 0)
    assert take_in(both).stale_codes == []
    assert counts(both)["rest"] == 2


def test_a_name_in_the_codebook_does_not_leave(folder):
    (folder / "themes.csv").write_text("id,label,definition\nbreath,What Synthetic Person3 said,\nrest,Rest,\n")
    sort_all(folder)
    assert "Person" not in ask(folder, "SELECT label FROM theme WHERE theme = 'breath'")[0][0]


@pytest.mark.parametrize("coder", ["Anna Smith", "../x", "", "a" * 21])
def test_a_coder_is_no_name_and_no_path(folder, coder):
    with pytest.raises(ConfigError, match="short word"):
        write_sheet(folder, {}, coder)


def test_as_a_coder_types_it(folder, capsys):
    def typed(*words):
        app.meta(["-p", str(folder), "review", *words], result_action="return_value")
        return capsys.readouterr().out

    assert "would hold 14 comments" in typed("sheet", "k1", "--dry-run")
    assert not (folder / "coding").exists()
    assert "holds 14 comments" in typed("sheet", "k1")
    assert "0 comments were taken over, 14 are left" in typed("codes", "k1")
    assert "14 comments are not sorted by both" in typed("themes")
    sort_all(folder)
    with pytest.raises(ConfigError, match="Two coders"):
        write_sheet(folder, {}, "k3")
