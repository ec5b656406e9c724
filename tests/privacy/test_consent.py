"""Consent by wording and by purpose, in everything that comes out. All people are synthetic."""

import polars as pl
import pytest
import yaml

from cfc_pipeline.disclosure.microdata import ATTRIBUTES
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.quarantine import read_quarantine
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.export import export
from cfc_pipeline.recipes.review import comments
from tests.small_folder import ANSWERS, BRS, PEOPLE, ROSTER, WHEN, answer, ask, describe, drop, person, take_in

NUMBERS = range(1, 9)
MORE = ["Version", "Sharing"]
FIELDS = ROSTER["fields"] | {"consent_version": "Version", "consent_sharing": "Sharing"}
EVERYTHING = [name for name in ATTRIBUTES if name != "academic_year"]


def programme(folder, told, versions=(), fields=FIELDS):
    """Eight people, person n with told(n) as wording and answer about sharing."""
    describe(folder, ROSTER | {"fields": fields}, BRS)
    if versions:
        settings = yaml.safe_load((folder / "programme.yaml").read_text())
        (folder / "programme.yaml").write_text(
            yaml.safe_dump(settings | {"policy": {"consent_versions": list(versions)}})
        )
    drop(folder, "roster.csv", [*PEOPLE, *MORE], [[*person(n), *told(n)] for n in NUMBERS])
    drop(folder, "brs.csv", ANSWERS, [answer(n) for n in NUMBERS])
    take_in(folder)
    return folder


def exported(folder, target):
    done = export(folder, target, leave_out=EVERYTHING, now=WHEN, reason="Eight synthetic people, for a test.")
    return done, pl.read_parquet(target / "people.parquet").height


def test_a_wording_that_does_not_count_is_no_consent(tmp_path):
    wordings = ["2024", "2024", "2023", "", "2024", "2025", "2024", "2024"]
    folder = programme(tmp_path / "p", lambda n: (wordings[n - 1], "yes"), versions=("2024", "2025"))
    assert ask(folder, "SELECT count(*) FROM participant WHERE consented") == [(6,)]
    assert ask(folder, "SELECT count(*) FROM response") == [(6,)]
    assert ask(folder, "SELECT count(DISTINCT participant_id) FROM scale_score") == [(6,)]
    # Of those who did not agree nothing is kept, not even to what.
    kept = "SELECT DISTINCT consent_version FROM participant WHERE NOT consented"
    assert ask(folder, kept) == [(None,)]


def test_every_yes_counts_where_no_wording_is_named(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("" if n == 1 else "2023", "yes"))
    assert ask(folder, "SELECT count(*) FROM participant WHERE consented") == [(8,)]


def test_another_wording_later_brings_answers_back(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("2023", "yes"), versions=("2024",))
    assert ask(folder, "SELECT count(*) FROM response") == [(0,)]
    drop(folder, "again.csv", [*PEOPLE, *MORE], [[*person(1), "2024", "yes"]])
    take_in(folder)
    assert ask(folder, "SELECT count(*) FROM response") == [(1,)]


def test_only_who_agreed_to_sharing_is_passed_on(tmp_path):
    told = ["yes", "Yes", "no", "", "y", "1", "No", "yes"]
    folder = programme(tmp_path / "p", lambda n: ("", told[n - 1]))
    assert ask(folder, "SELECT count(*) FROM response") == [(8,)]
    done, people = exported(folder, tmp_path / "out")
    assert (people, done.asked) == (5, True)
    for name in ("scores", "answers"):
        assert pl.read_parquet(tmp_path / "out" / f"{name}.parquet")["person"].n_unique() == 5
    assert audit.read(folder)[-1]["people_asked"] is True


def test_somebody_who_was_never_asked_is_left_out_once_others_were(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("", "yes"))
    describe(folder, ROSTER | {"fields": FIELDS}, ROSTER | {"id": "late", "files": "late*"}, BRS)
    settings = yaml.safe_load((folder / "programme.yaml").read_text())
    settings["surveys"][0]["files"] = "roster*"
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    drop(folder, "late.csv", PEOPLE, [person(20)])
    take_in(folder)
    assert ask(folder, "SELECT count(*), count(shares) FROM participant") == [(9, 8)]
    assert exported(folder, tmp_path / "out")[1] == 8


def test_where_nobody_was_asked_the_export_says_so(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("", ""), fields=ROSTER["fields"])
    done, people = exported(folder, tmp_path / "out")
    assert people == 8
    assert "No roster says who agreed" in done.in_words()


def test_an_answer_about_sharing_that_is_neither_waits(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("", "perhaps" if n == 1 else "yes"))
    held = read_quarantine(folder / "data" / "restricted", load_keys(folder / "data" / "restricted", {}))
    reasons = set(held.filter(survey_id="roster").select("column", "reason").rows())
    assert reasons == {("Sharing", "sharing is neither yes nor no")}


@pytest.mark.parametrize("field", [{"Consent": "No"}, {"Withdrawn": "2024-01-01"}])
def test_a_no_that_is_taken_back_and_said_again_is_a_no(tmp_path, field):
    """The third roster says letter by letter what the first one said."""
    folder = describe(tmp_path / "p", ROSTER | {"files": "roster*"}, BRS | {"files": "brs*"})
    drop(folder, "brs.csv", ANSWERS, [answer(n) for n in (1, 2)])
    for number, given in enumerate((field, {}, field)):
        drop(folder, f"roster{number}.csv", [*PEOPLE, "Sent"], [[*person(n, **given), str(number)] for n in (1, 2)])
        take_in(folder)
        agreed = ask(folder, "SELECT count(*) FROM participant WHERE consented AND NOT withdrawn")
        assert agreed == ask(folder, "SELECT count(*) FROM response") == [(0 if given else 2,)]


def test_a_roster_must_say_the_wording_once_it_matters(tmp_path):
    folder = programme(tmp_path / "p", lambda n: ("2024", "yes"))
    settings = yaml.safe_load((folder / "programme.yaml").read_text()) | {"policy": {"consent_versions": ["2024"]}}
    del settings["surveys"][0]["fields"]["consent_version"]
    (folder / "programme.yaml").write_text(yaml.safe_dump(settings))
    with pytest.raises(ConfigError, match="consent_version"):
        load_programme(folder)


def test_comments_of_people_who_are_not_to_be_quoted_are_kept_nowhere(tmp_path):
    fields = ROSTER["fields"] | {"consent_quotes": "Quotes"}
    folder = describe(tmp_path / "p", ROSTER | {"fields": fields}, BRS)
    told = ["yes", "no", "", "Yes", "perhaps"]
    drop(folder, "roster.csv", [*PEOPLE, "Quotes"], [[*person(n), said] for n, said in enumerate(told, 1)])
    drop(folder, "brs.csv", ANSWERS, [answer(n, comment=f"Breathing {n}") for n in (1, 2, 3, 4)])
    take_in(folder)
    assert comments(folder, {})["text"].sort().to_list() == ["Breathing 1", "Breathing 4"]
    assert ask(folder, "SELECT count(*) FROM response WHERE status = 'counted'") == [(4,)]
    held = read_quarantine(folder / "data" / "restricted", load_keys(folder / "data" / "restricted", {}))
    assert held.select("column", "reason").rows() == [("Quotes", "quoting is neither yes nor no")]
    drop(folder, "again.csv", [*PEOPLE, "Quotes"], [[*person(1), "no"], [*person(2), "yes"]])
    take_in(folder)
    assert comments(folder, {})["text"].sort().to_list() == ["Breathing 2", "Breathing 4"]
