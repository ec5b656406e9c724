"""Files of one survey that pass by themselves and contradict each other: the same answers with other numbers. Synthetic
people."""

import pytest

from cfc_pipeline.intake.batch import File, take_in
from cfc_pipeline.intake.labels_or_numbers import notes
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.sources.raw import RECORD
from tests.rawtables import BRS, ROSTER, answer, person, programme, raw_table

LABELS = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
GIVEN = ([4, 2, 5, 1, 3, 2], [5, 1, 4, 2, 5, 1], [3, 3, 4, 2, 4, 2], [2, 4, 3, 4, 2, 5])
ENTRY = BRS | {
    "scales": [
        {
            "instrument": "brs",
            "items": {i: f"Q{i}" for i in range(1, 7)},
            "answers": {label: number for number, label in enumerate(LABELS, start=1)},
        }
    ]
}
ANONYMOUS = {"person": {"by": "anonymous"}, "cohort": "a", "consent": "not_needed"}


def form(number, cells, *, ids):
    """Without ids as Google Forms has none; each form came in another minute."""
    sent = answer(number, when=f"03/10/2023 10:0{number}:07") | {f"Q{i}": str(c) for i, c in enumerate(cells, 1)}
    return sent | {RECORD: f"r{number}"} if ids else sent


def forms(meant, given=GIVEN, ids=True, first=1):
    return [form(n, map(meant, row), ids=ids) for n, row in enumerate(given, start=first)]


def refused(*files, entry=ENTRY):
    plan = programme([ROSTER, entry])
    people = [person(n) for n in range(1, 10)]
    read = [File("roster.csv", plan.surveys[0], raw_table(people, tool="table"), 1)]
    read += [File(f"{n}.csv", plan.surveys[1], raw_table(rows), n) for n, rows in enumerate(files, start=2)]
    return [(file.number, error.what) for file, error in take_in(plan, load_instruments(), [], read).refused]


def label(number):
    return LABELS[number - 1]


def same(number):
    return number


def reversed_(number):
    return 6 - number


def from_two(number):
    return min(number + 1, 5)


OTHER = [(3, "The answers to brs have other numbers in this file than in an earlier one.")]


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("before", [label, same])
def test_numbers_that_run_the_other_way_are_refused(before, ids):
    assert refused(forms(before, ids=ids), forms(reversed_, ids=ids)) == OTHER


def test_so_are_those_of_anonymous_forms_which_would_count_twice():
    files = forms(label, ids=False), forms(reversed_, ids=False)
    assert refused(*files, entry=ENTRY | ANONYMOUS) == OTHER


def test_numbers_that_begin_elsewhere_are_refused():
    assert refused(forms(label), forms(from_two)) == OTHER


def test_labels_and_the_same_numbers_may_be_mixed_and_single_forms_may_be_mended():
    assert refused(forms(label), forms(same), forms(label)) == []
    mended = [[1, 5, 1, 5, 1, 5], *GIVEN[1:]]
    assert refused(forms(label), forms(label, mended)) == []
    listed = ENTRY["scales"][0]["answers"] | {str(n): 6 - n for n in range(1, 6)}
    entry = ENTRY | {"scales": [ENTRY["scales"][0] | {"answers": listed}]}
    assert refused(forms(label), forms(reversed_), entry=entry) == []


def test_a_file_that_begins_at_zero_is_refused_although_most_of_its_rows_would_pass():
    assert refused(forms(lambda n: n - 1)) == [(2, "The numbers of brs begin at 0 in this file, and at 1 in its key.")]


def test_a_few_odd_answers_wait_in_quarantine():
    odd = [[0, *GIVEN[0][1:]], *GIVEN[1:]]
    assert refused(forms(same, odd)) == []
    assert refused(forms(same, [[0, 0, 4, 0, 4, 4], *GIVEN[1:]])) == []


def test_numbers_where_labels_came_before_are_told_when_no_response_is_in_both():
    plan = programme([ROSTER, ENTRY])
    sent = [forms(label), forms(label, first=5), forms(reversed_, first=5)]
    files = [File(f"{n}.csv", plan.surveys[1], raw_table(rows), n) for n, rows in enumerate(sent, start=2)]
    assert [notes(file, files) for file in files[:2]] == [(), ()]
    (note,) = notes(files[2], files)
    assert note.startswith("holds numbers for brs where an earlier file of this survey holds labels")
    assert notes(files[2], files[2:]) == ()
