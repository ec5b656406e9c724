"""Codes that people made themselves, from files to tables and back: `ingest`, links.csv, `review links`."""

import json
import stat

import polars as pl
import pytest

from cfc_pipeline import cli
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.publish.words import own_codes
from cfc_pipeline.recipes.links import decide, listed
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.report import in_json, in_words
from cfc_pipeline.recipes.status import status
from tests.small_folder import ask, copied, describe, drop, tables, take_in

ELEMENTS = [
    {"name": "mother", "kind": "letters", "column": "Mother", "length": 2},
    {"name": "day", "kind": "day", "column": "Day"},
    {"name": "month", "kind": "month", "column": "Month"},
    {"name": "middle", "kind": "letters", "column": "Middle", "length": 1},
    {"name": "older", "kind": "number", "column": "Older"},
    {"name": "street", "kind": "letters", "column": "Street", "length": 3},
]
COLUMNS = [str(e["column"]) for e in ELEMENTS]
HEADING = ["Timestamp", *COLUMNS, "Agree", *(f"Q{i}" for i in range(1, 7))]
MARY = ["Margaret", "03", "November", "J", "two 2", "High Street"]
PEOPLE = [MARY, ["Ann", "17", "2", "K", "none", "Oak"], ["Josephine", "29", "7", "P", "1", "Mill"]]
TWIN = ["Margaret", "3", "11", "P", "2", "High Street"]


def survey(point, **also):
    return {
        "id": f"brs-{point}",
        "tool": "google_forms",
        "kind": "scale",
        "files": f"{point}*",
        "time_point": point,
        "cohort": "a",
        "person": {"by": "self_made", "elements": ELEMENTS},
        "consent": {"column": "Agree", "yes": ["Yes"]},
        "submitted": {"order": "dmy"},
        "scales": [{"instrument": "brs", "items": {i: f"Q{i}" for i in range(1, 7)}}],
    } | also


def answers(codes, month):
    return [
        [f"{n:02}/{month}/2023 10:00:00", *code, "Yes", *(str(1 + (n + i) % 5) for i in range(6))]
        for n, code in enumerate(codes, start=1)
    ]


@pytest.fixture
def folder(tmp_path):
    return describe(tmp_path / "p", survey("pre"), survey("post"))


def filled(folder, before, after):
    drop(folder, "pre.csv", HEADING, answers(before, "10"))
    drop(folder, "post.csv", HEADING, answers(after, "12"))
    return take_in(folder)


def people(folder):
    return ask(folder, "SELECT count(DISTINCT participant_id) FROM response")[0][0]


def test_slips_and_ways_of_writing_are_one_person(folder):
    again = [["margarete", "3", "11", "j", "2", "HIGH"], ["Ann", "17.", "Feb", "", "0", "Öak"], PEOPLE[2]]
    report = filled(folder, PEOPLE, again)
    assert people(folder) == 3
    assert report.links == {"exact": 2, "accepted": 0, "tolerant": 1, "unclear": 0}
    assert "2 found again, 1 with a slip" in in_words(report)
    links = ask(folder, "SELECT how, chance > 0.98 FROM link ORDER BY how")
    assert links == [("exact", True), ("exact", True), ("tolerant", True)]
    ((n, linked, unclear, false),) = ask(
        folder, "SELECT n_paired, n_linked, n_unclear, false_links FROM paired_change WHERE level = 'cohort'"
    )
    assert (n, linked, unclear) == (3, 3, 0)
    assert 0 < false < 1


def test_the_tables_of_a_release_carry_a_note(folder):
    again = [["Margaret", "4", "11", "J", "2", "High"], *PEOPLE[1:]]
    filled(folder, [*PEOPLE, TWIN], [*again, [*TWIN[:3], "", *TWIN[4:]]])
    publish(folder)
    page = (folder / "releases" / "latest" / "tables" / "cohort_outcomes.html").read_text()
    assert "in a (2023/24) people are known by codes that they made themselves" in page
    assert "at most 0.5 % of the matches" in page or "at most 1 % of the matches" in page or "at most 2 %" in page


def test_the_note_says_how_sure_it_is_in_steps_and_how_many_are_unclear_without_small_numbers():
    cohorts = pl.DataFrame({"cohort_id": ["a"], "label": ["A"], "academic_year": ["2023/24"], "starts_on": [1]})
    rows = {"level": ["cohort", "all"], "cohort_id": ["a", None], "n_linked": [9, 9]}

    def note(unclear, false):
        frame = pl.DataFrame(
            rows | {"n_unclear": [unclear] * 2, "false_links": pl.Series([false] * 2, dtype=pl.Float64)}
        )
        (text,) = own_codes(frame, cohorts, 5)
        return text

    assert "at most 0.5 % of the matches join two" in note(0, 0.2)
    assert "No code was left out" in note(0, 0.2)
    assert "at most 20 %" in note(2, 11.0)
    assert "fewer than 5 codes" in note(2, 11.0)
    assert "5 codes or more" in note(7, 60.0)
    assert "more than half" in note(7, 60.0)
    assert "cannot be estimated" in note(0, None)
    assert own_codes(pl.DataFrame(rows).with_columns(n_linked=None), cohorts, 5) == ()


def test_no_code_is_in_any_table(folder):
    filled(folder, [MARY, TWIN], [[*MARY[:3], "", *MARY[4:]]])
    told = json.dumps(tables(folder), default=str).lower()
    assert "ma|" not in told
    assert "|hig" not in told
    assert "high street" not in told


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One new code that may be one of two people's."""
    folder = describe(tmp_path_factory.mktemp("made") / "p", survey("pre"), survey("post"))
    report = filled(folder, [MARY, TWIN, *PEOPLE[1:]], [[*MARY[:3], "", *MARY[4:]], *PEOPLE[1:]])
    assert report.links["unclear"] == 1
    assert "review links" in in_words(report)
    assert in_json(report)["links"]["unclear"] == 1
    assert status(folder, {})["links_waiting"] == 2
    return folder


@pytest.fixture
def unclear(made, tmp_path):
    return copied(made, tmp_path / "unclear")


def test_an_unclear_code_is_nobodys_until_a_person_decides(unclear):
    assert people(unclear) == 5
    assert ask(unclear, "SELECT n_paired, n_unclear FROM paired_change WHERE level = 'cohort'") == [(2, 1)]
    waiting = listed(unclear, {})
    assert waiting["same"].to_list() == ["mother, day, month, older, street"] * 2
    assert waiting["missing"].to_list() == ["middle"] * 2
    assert waiting["first"].str.starts_with("brs-pre pre 2023-10-0").all()


def test_accepting_and_undoing_gives_the_very_same_tables(unclear):
    before = tables(unclear)
    link = listed(unclear, {})["link"][0]
    assert decide(unclear, {}, [link], "same", "somebody") == 1
    report = take_in(unclear)
    assert (people(unclear), report.links["accepted"], report.links["unclear"]) == (4, 1, 0)
    assert listed(unclear, {}, "linked")["by"].to_list() == ["a person"]
    decide(unclear, {}, [link], "undone", "somebody")
    take_in(unclear)
    assert tables(unclear) == before


def test_rejecting_leaves_the_other_and_undoing_brings_both_back(unclear):
    before = tables(unclear)
    link = listed(unclear, {})["link"][0]
    decide(unclear, {}, [link], "different", "somebody")
    assert take_in(unclear).links["tolerant"] == 1
    assert listed(unclear, {}, "apart")["link"].to_list() == [link]
    decide(unclear, {}, [link], "undone", "somebody")
    take_in(unclear)
    assert tables(unclear) == before


def test_what_was_linked_by_itself_can_be_parted(folder):
    filled(folder, PEOPLE, [["Margaret", "4", "11", "J", "2", "High"], *PEOPLE[1:]])
    assert people(folder) == 3
    decide(folder, {}, listed(folder, {}, "linked")["link"].to_list(), "different", "somebody")
    take_in(folder)
    assert people(folder) == 4


def test_a_later_time_point_changes_nobodys_id(folder):
    filled(folder, PEOPLE, [["Margaret", "4", "11", "J", "2", "High"], *PEOPLE[1:]])
    earlier = "SELECT response_id, participant_id FROM response WHERE time_point <> 'follow_up' ORDER BY ALL"
    before = ask(folder, earlier)
    describe(folder, survey("pre"), survey("post"), survey("follow_up"))
    drop(folder, "follow_up.csv", HEADING, answers([TWIN, ["Margaret", "4", "11", "J", "2", "Hill"]], "12"))
    take_in(folder)
    assert ask(folder, earlier) == before


def test_two_codes_of_one_person_at_one_time_count_once_when_joined(folder):
    filled(folder, [MARY, TWIN, *PEOPLE[1:]], [[*MARY[:3], "", *MARY[4:]], *PEOPLE[1:]])
    decide(folder, {}, listed(folder, {})["link"].to_list(), "same", "somebody")
    take_in(folder)
    counted = ask(folder, "SELECT time_point, count(*) FROM response WHERE status = 'counted' GROUP BY 1 ORDER BY 1")
    assert counted == [("post", 3), ("pre", 3)]
    assert people(folder) == 3


def test_a_code_in_one_column_is_taken_apart(tmp_path):
    made_of = [
        {"name": "mother", "kind": "letters", "length": 2},
        {"name": "day", "kind": "day"},
        {"name": "street", "kind": "letters", "length": 3},
        {"name": "digits", "kind": "number", "length": 3},
        {"name": "end", "kind": "letters", "length": 2},
    ]
    person = {"by": "self_made", "column": "Code", "elements": made_of}
    folder = describe(tmp_path / "p", survey("pre", person=person), survey("post", person=person))
    heading = ["Timestamp", "Code", *HEADING[7:]]
    for point, month, codes in (
        ("pre", "10", ["MA03hig407ey", "an17oak112th"]),
        ("post", "12", ["ma 3 híg 407 EY", "an17aok112th"]),
    ):
        rows = [[row[0], code, *row[7:]] for row, code in zip(answers(PEOPLE, month), codes, strict=False)]
        drop(folder, f"{point}.csv", heading, rows)
    assert take_in(folder).links == {"exact": 1, "accepted": 0, "tolerant": 1, "unclear": 0}


def test_entries_of_one_cohort_need_the_same_elements(tmp_path):
    other = {"by": "self_made", "elements": ELEMENTS[:-1]}
    for cohort, wrong in (("a", True), ("b", False), ({"column": "Group"}, True)):
        folder = describe(tmp_path / "p", survey("pre"), survey("post", person=other, cohort=cohort))
        if wrong:
            with pytest.raises(ConfigError, match="the same elements as in `brs-pre`"):
                load_programme(folder)
        else:
            assert load_programme(folder)


@pytest.mark.parametrize(
    ("person", "complaint"),
    [
        ({"by": "code", "column": "Code", "elements": ELEMENTS}, "codes that people made themselves"),
        ({"by": "self_made", "elements": ELEMENTS[:1]}, "two or more"),
        ({"by": "self_made", "elements": [ELEMENTS[0], ELEMENTS[0]]}, "two or more"),
        ({"by": "self_made", "column": "Code", "elements": ELEMENTS}, "either the code has one `column`"),
        (
            {"by": "self_made", "column": "Code", "elements": [{"name": n, "kind": "letters"} for n in "ab"]},
            "each need a `length`",
        ),
    ],
)
def test_elements_that_cannot_be_are_refused(tmp_path, person, complaint):
    folder = describe(tmp_path / "p", survey("pre", person=person))
    with pytest.raises(ConfigError, match=complaint):
        load_programme(folder)


def test_too_little_of_a_code_waits_in_quarantine(folder):
    report = filled(folder, [*PEOPLE, ["M", "3", "", "", "", ""]], PEOPLE)
    assert report.totals["quarantined"] == 1


def test_links_csv_is_private_and_wrong_lines_are_named(unclear):
    decide(unclear, {}, [listed(unclear, {})["link"][0]], "same", "somebody")
    path = unclear / "links.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "ma|" not in path.read_text()
    path.write_text(path.read_text() + "brs-pre,row-1,brs-post,row-2,perhaps,x,2026-01-01,\n")
    with pytest.raises(ConfigError, match="lines 3"):
        take_in(unclear)


def test_decisions_about_what_is_gone_are_named(unclear):
    (unclear / "links.csv").write_text(
        "survey,record,other_survey,other_record,decision,by,on,note\nbrs-pre,row-1,brs-post,row-2,same,x,2026-01-01,\n"
    )
    report = take_in(unclear)
    assert report.stale_links == [2]
    assert "links.csv lines 2" in in_words(report)


@pytest.fixture
def run(monkeypatch, capsys):
    def typed(*words):
        monkeypatch.setattr("sys.argv", ["cfc-pipeline", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return end.value.code or 0, said.out, said.err

    return typed


def test_the_command_line_shows_no_code_unless_asked(unclear, run):
    code, out, _ = run("-p", unclear, "review", "links", "--json")
    assert code == 0
    assert "ma|" not in out
    link = json.loads(out)[0]["link"]
    assert "ma|3|11|" in run("-p", unclear, "review", "links", "--json", "--show")[1]
    assert "ma|" not in run("-p", unclear, "review", "links")[1]
    assert "1 would be same" in run("-p", unclear, "review", "accept-link", link, "--dry-run")[1]
    assert not (unclear / "links.csv").exists()
    assert "1 same" in run("-p", unclear, "review", "accept-link", link)[1]
    assert "1 undone" in run("-p", unclear, "review", "undo-link", link)[1]
    assert "1 different" in run("-p", unclear, "review", "reject-link", link)[1]
    assert run("-p", unclear, "review", "accept-link", "l-0")[0] == ConfigError.exit_code
