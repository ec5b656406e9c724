"""A new export -> a draft of its survey entry, for a person to confirm."""

from itertools import count
from pathlib import Path

from cfc_pipeline.intake.draft import draft_text, suggested_id
from cfc_pipeline.intake.finding import Finding
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.sources import read_export, read_file


def draft(folder: Path, file: Path) -> Path:
    """Write drafts/<id>.yaml in the programme's `folder` and return its path; an earlier draft is never overwritten.

    ExportError when the file cannot be read. Messages and the draft say "the file": its name may hold a person's.
    """
    programme = load_programme(folder)
    found = Finding(read_export(read_file(file), "the file"), programme, load_instruments(folder / "instruments"))
    drafts = folder / "drafts"
    drafts.mkdir(exist_ok=True)
    wanted = suggested_id(found)
    taken = {survey.id for survey in programme.surveys} | {path.stem for path in drafts.iterdir()}
    survey_id = next(name for n in count(1) if (name := f"{wanted}-{n}" if n > 1 else wanted) not in taken)
    path = drafts / f"{survey_id}.yaml"
    with path.open("x", encoding="utf-8") as out:
        out.write(draft_text(found, survey_id))
    return path
