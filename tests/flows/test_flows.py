"""The real flows on a real server: what they store, what they say, and what Prefect gets to know about it."""

import shutil
import sqlite3

import pytest

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.errors import ConfigError, EmailError, ExportError, PipelineError, PrivacyRefusal
from cfc_pipeline.recipes.heartbeat import read

pytestmark = pytest.mark.usefixtures("prefect_home")
CANARY = "canary.person@mailbox.example"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return build_demo(tmp_path_factory.mktemp("flows") / "demo")


@pytest.fixture
def programme(planted):
    return planted.folder


def known_to_prefect(*texts):
    """How many lines of Prefect's own database mention one of these texts."""
    from prefect.settings import get_current_settings

    url = get_current_settings().server.database.connection_url.get_secret_value()
    path = url.split("sqlite+aiosqlite:///")[1].split("?")[0]
    with sqlite3.connect(path) as con:
        return sum(any(text in line for text in texts) for line in con.iterdump())


def test_ingest_then_publish(programme):
    from flows.ingest import ingest
    from flows.publish import publish

    report = ingest(programme)
    assert report.totals["stored"] > 1000
    release = publish(programme)
    assert (release.path / "index.html").exists()
    assert known_to_prefect("rows in =") >= 1, "the intake report is an artifact"
    assert known_to_prefect(release.path.name) >= 1, "the release is an artifact"


def test_an_error_that_quotes_data_does_not_reach_prefect(planted, programme, monkeypatch):
    from flows.ingest import ingest

    def quotes_a_cell(*_, **__):
        raise ValueError(f"cannot convert {CANARY} or any of {planted.values}")

    monkeypatch.setattr("cfc_pipeline.recipes.storing.anonymise", quotes_a_cell)
    with pytest.raises(PipelineError, match="A ValueError that nobody foresaw"):
        ingest(programme)
    assert known_to_prefect("nobody foresaw") >= 1
    # Everything that the runs of this module have told Prefect, those that succeeded and those that failed.
    assert known_to_prefect(*planted.values) == 0


def test_a_file_that_cannot_be_read_stops_nothing_and_says_nothing(planted, programme):
    from flows.ingest import ingest

    broken = programme / "inbox" / "Export of canary.person@mailbox.example.csv"
    broken.write_text('Name,Answer\n"canary.person@mailbox.example,4\n')
    report = ingest(programme)
    assert len(report.refused) == 1
    assert broken.exists(), "it stays in the inbox"
    broken.unlink()
    assert known_to_prefect("was not taken in") >= 1
    assert known_to_prefect(*planted.values) == 0


def test_a_refusal_is_said_and_nothing_is_tried_again(programme, tmp_path, monkeypatch):
    import flows.ingest
    from flows.nightly import nightly

    tries = []
    fetch = flows.ingest.fetching.fetch
    monkeypatch.setattr(flows.ingest.fetching, "fetch", lambda *a, **k: tries.append(1) or fetch(*a, **k))

    copy = tmp_path / "copy"
    shutil.copytree(programme, copy, ignore=shutil.ignore_patterns("releases"))
    (copy / "programme.yaml").write_text("name: x\ncohorst: []\n")
    with pytest.raises(ConfigError, match="did you mean"):
        nightly(copy)
    assert len(tries) == 1
    assert not (copy / "releases").exists()


@pytest.mark.parametrize("setting", ["PREFECT_RESULTS_PERSIST_BY_DEFAULT", "PREFECT_SERVER_ANALYTICS_ENABLED"])
def test_flows_refuse_settings_that_would_keep_data(setting):
    import prefect.settings as settings

    from flows.safety import check_settings

    with settings.temporary_settings({getattr(settings, setting): True}), pytest.raises(PrivacyRefusal):
        check_settings()
    check_settings()


def test_flows_refuse_a_client_that_would_send_telemetry(monkeypatch):
    from flows.safety import check_settings

    monkeypatch.setenv("DO_NOT_TRACK", "0")
    with pytest.raises(PrivacyRefusal, match="DO_NOT_TRACK"):
        check_settings()
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    check_settings()


def test_forms_in_prefects_page_explain_every_parameter():
    from flows.email_summary import email_summary
    from flows.ingest import ingest
    from flows.nightly import nightly
    from flows.publish import publish

    for flow in (ingest, publish, email_summary, nightly):
        for name, parameter in flow.parameters.properties.items():
            assert parameter.get("description"), f"{flow.name}: {name}"


def test_nights_send_what_is_new_once_and_make_up_for_a_night_without_a_mail_server(tmp_path, monkeypatch):
    import flows.nightly
    from tests.small_folder import filled

    folder = filled(tmp_path / "small")
    settings = folder / "programme.yaml"
    mail = "{sender: a@example.org, to: [b@example.org], smtp: {host: localhost}}"
    settings.write_text(entries := settings.read_text() + f"email: {mail}\n")
    sent = []

    def send(folder):
        sent.append(folder)
        if len(sent) == 1:
            raise EmailError("The mail server cannot be reached")
        (owed,) = (folder / "data" / "restricted" / "sent").glob("*.owed")
        owed.with_suffix(".json").write_text('{"state": "sent"}')

    monkeypatch.setattr(flows.nightly, "email_summary", send)
    with pytest.raises(EmailError):
        flows.nightly.nightly(folder)
    assert not read(folder)["night"]["well"]
    for _ in range(2):
        flows.nightly.nightly(folder)
    assert read(folder)["night"]["well"]
    assert len(sent) == 2
    assert known_to_prefect("nothing new to publish") >= 1
    settings.write_text(entries.replace("id: brs-pre", "id: renamed"))
    with pytest.raises(ExportError, match="counted before"):
        flows.nightly.nightly(folder)
    settings.write_text(settings.read_text() + "schedule: {publish: false}\n")
    shutil.rmtree(folder / "releases")
    flows.nightly.nightly(folder)
    assert len(sent) == 2
    assert not list(folder.glob("releases/2*"))
