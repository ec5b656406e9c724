import json

import pytest

from cfc_pipeline import cli, errors


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process; gives exit code, output and what was complained about."""

    def typed(*words):
        monkeypatch.setattr("sys.argv", ["cfc-pipeline", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return end.value.code or 0, said.out, said.err

    return typed


COMMANDS = sorted(name for name in cli.app if not name.startswith("-"))


def test_the_commands_are_those_that_are_promised():
    promised = {"init", "doctor", "add-survey", "ingest", "status", "review", "publish", "email"}
    assert promised | {"codebook", "serve", "demo"} <= set(COMMANDS)


DECIDING = [("review", name) for name in sorted(cli.app["review"]) if not name.startswith("-")]
EVERY = [*((name,) for name in COMMANDS), *DECIDING]
# They run until they are done or stopped, and print as they go.
NOT_FOR_MACHINES = {("serve",), ("demo",)}
ONLY_READ = {("about",), ("codebook",), ("doctor",), ("explain",), ("review",), ("status",), ("verify",)}
ONLY_READ |= {("review", what) for what in ("comments", "due", "forms", "links", "themes", "twice")}


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example_and_speaks_to_machines(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    example = " ".join(out.split("Example:")[1].split())
    assert " ".join(command) in example
    assert ("--json" in out) == (command not in NOT_FOR_MACHINES)
    assert ("--dry-run" in out) == (command not in NOT_FOR_MACHINES | ONLY_READ)


def test_a_new_folder_and_a_draft_are_told_before_they_are_made(run, tmp_path):
    folder, export = tmp_path / "new", tmp_path / "export.csv"
    would = json.loads(run("init", folder, "--dry-run", "--json")[1])
    assert not folder.exists()
    assert json.loads(run("init", folder, "--json")[1])["made"] == would["made"]
    assert json.loads(run("init", folder, "--dry-run", "--json")[1])["made"] == []
    export.write_text("Email,Name,School,Group,Agreed\na@b.example.org,A,S,G,yes\n")
    entry = run("-p", folder, "add-survey", export, "--dry-run")[1]
    assert not (folder / "drafts").exists()
    drafted = json.loads(run("-p", folder, "add-survey", export, "--json")[1])
    assert drafted["entry"].strip() == entry.strip()
    assert (folder / "drafts" / "roster.yaml").read_text() == drafted["entry"]


def test_a_new_programme_works_at_once(run, tmp_path):
    folder = tmp_path / "new"
    assert run("init", folder)[0] == 0
    assert run("-p", folder, "doctor")[0] == 0
    code, out, _ = run("ingest", "-p", folder)
    assert (code, out.splitlines()[0]) == (0, "0 rows in = 0 stored + 0 unchanged + 0 quarantined + 0 excluded")
    assert "files in the inbox: 0" in run("--programme", folder, "status")[1]
    assert "Nothing is in quarantine" in run("-p", folder, "review")[1]
    assert "No comments are waiting" in run("-p", folder, "review", "comments")[1]


def test_the_programme_may_come_from_the_environment(run, tmp_path, monkeypatch):
    run("init", tmp_path / "new")
    monkeypatch.setenv("CFC_PROGRAMME", str(tmp_path / "new"))
    assert run("status")[0] == 0


def test_mistakes_are_told_without_a_traceback(run, tmp_path):
    code, _, err = run("-p", tmp_path, "ingest")
    assert code == errors.ConfigError.exit_code
    assert "Traceback" not in err
    assert "next" in err


def test_a_programme_that_cannot_be_read_is_not_served(run, tmp_path):
    code, _, err = run("-p", tmp_path, "serve")
    assert code == 10
    assert "There is no programme here." in err


def test_an_unforeseen_error_says_where_but_not_what(run, tmp_path, monkeypatch):
    def quotes(*_, **__):
        raise ValueError("canary.person@mailbox.example")

    run("init", tmp_path / "new")
    monkeypatch.setattr("cfc_pipeline.recipes.storing.anonymise", quotes)
    code, out, err = run("-p", tmp_path / "new", "ingest")
    assert code == 1
    assert "canary" not in out + err
    assert "ValueError" in err


def test_each_kind_of_error_has_its_own_exit_code():
    kinds = errors.kinds()
    assert len({kind.exit_code for kind in kinds}) == len(kinds)


def test_errors_survive_pickling():
    import pickle

    for kind in errors.kinds():
        error = kind("what", where="where", next_step="next")
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (kind, str(error))
