"""Free text is in no release until a person approves it; then it is, without its cohort."""

import os
from datetime import date

import pytest

from cfc_pipeline.cli import app
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity import approvals
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.review import comments, decide
from tests.small_folder import filled


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = filled(tmp_path_factory.mktemp("approve") / "p", people=9)
    ingest(folder, os.environ)
    return folder


def released(folder):
    path = publish(folder).path
    return path, (path / "index.html").read_text()


def test_only_what_a_person_approved_leaves(folder):
    waiting = comments(folder, os.environ)
    texts = waiting.unique("text", keep="first", maintain_order=True).filter(waiting["text"].str.len_chars()[0] > 0)
    wanted, refused, other = texts.rows(named=True)[:3]
    path, page = released(folder)
    assert not (path / "tables" / "approved_comments.csv").exists()
    assert all(c["text"].split("\n")[0] not in page for c in (wanted, refused, other))

    decide(folder, os.environ, [wanted["comment_id"]], "approved", "data protection lead")
    decide(folder, os.environ, [refused["comment_id"]], "rejected", "data protection lead")
    report = ingest(folder, os.environ)
    assert report.comments_waiting == waiting.height - 2
    path, page = released(folder)
    listed = (path / "tables" / "approved_comments.csv").read_text()
    assert listed.count("\n") == 2
    assert wanted["text"].split("\n")[0] in page
    assert refused["text"] not in listed + page


def test_an_unknown_comment_cannot_be_approved(folder):
    with pytest.raises(ConfigError, match="not comments of this programme"):
        decide(folder, os.environ, ["c-00000000000000000000"], "approved", "somebody")


def test_an_edited_comment_stands_in_its_own_words_and_without_the_name_that_was_typed(folder, capsys):
    first = comments(folder, os.environ)["comment_id"][0]
    words = ["-p", str(folder), "review", "edit", first, "It helped, said Zebedee Quorn.", "--by", "office"]
    app.meta([*words, "--dry-run"], result_action="return_value")
    assert "1 passages look like a name" in capsys.readouterr().out
    assert first in set(comments(folder, os.environ)["comment_id"])
    app.meta(words, result_action="return_value")
    ingest(folder, os.environ)
    state = comments(folder, os.environ, "approved")
    assert state.filter(state["comment_id"] == first)["text"].to_list() == ["It helped, said [name]."]
    path, page = released(folder)
    assert "It helped, said [name]." in (path / "tables" / "approved_comments.csv").read_text()
    assert "Quorn" not in page
    assert audit.read(folder)[-2]["what"] == "comments edited"
    approvals.decide(folder, [first], "rejected", "office", date(2026, 1, 5))
    ingest(folder, os.environ)
    assert first not in set(comments(folder, os.environ, "approved")["comment_id"])


def test_an_older_file_of_approvals_gets_the_new_column(tmp_path):
    path = tmp_path / "approvals.csv"
    path.write_text("comment,decision,by,on\nc-1,approved,office,2026-01-05\n")
    approvals.decide(tmp_path, ["c-2"], "approved", "office", date(2026, 1, 6), "In other words, shorter")
    assert approvals.read(tmp_path) == {
        "c-1": approvals.Decision("approved"),
        "c-2": approvals.Decision("approved", "In other words, shorter"),
    }
    assert path.read_text().splitlines()[0] == "comment,decision,by,on,text"
