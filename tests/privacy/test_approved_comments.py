"""Free text is in no release until a person approves it; then it is, without its cohort."""

import os

import pytest

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.recipes.review import comments, decide


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = build_demo(tmp_path_factory.mktemp("approve") / "demo").folder
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
