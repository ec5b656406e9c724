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


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"cfc-pipeline {command}" in out or f"{command}" in out
    assert "Example:" in out


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
