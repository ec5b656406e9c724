"""Nothing that was planted in the demo's files reaches a draft survey entry, its name, or an error about it."""

from cfc_pipeline.demo.build import build_demo
from cfc_pipeline.errors import PipelineError
from cfc_pipeline.recipes.add_survey import draft


def drafted(folder, file):
    try:
        made = draft(folder, file)
    except PipelineError as refusal:
        return str(refusal)
    assert made.text == made.path.read_text()
    return made.path.name + made.text


def test_no_planted_value_reaches_a_draft(tmp_path):
    planted = build_demo(tmp_path / "demo")
    files = sorted((tmp_path / "demo" / "inbox").iterdir())
    written = "\n".join(drafted(tmp_path / "demo", file) for file in files).casefold()
    assert written.count("confirmed: false") >= len(files) - 1
    assert [value for value in planted.values if value.casefold() in written] == []
