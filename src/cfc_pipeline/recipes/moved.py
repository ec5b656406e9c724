"""Files that came in under the wrong survey entry, and are said to belong to another one now.

What is moved is the sealed copy. All results are worked out anew, so nothing of the file stays where it was.
"""

from dataclasses import replace
from pathlib import Path

from cfc_pipeline.identity.keys import Keys
from cfc_pipeline.identity.vault import RawCopy, file_fingerprint, open_raw, replace_raw
from cfc_pipeline.intake.batch import Intake
from cfc_pipeline.programme import Programme
from cfc_pipeline.recipes.arrivals import known_file

Moved = dict[Path, RawCopy]  # a file that was named: its sealed copy, with the entry that it is said to belong to


def said_to_belong(
    paths: list[Path], survey_id: str | None, sealed: list[RawCopy], programme: Programme, keys: Keys
) -> Moved:
    """Those of `paths` that came in before under another entry than `survey_id`. ExportError when one does not fit."""
    if survey_id is None:
        return {}
    elsewhere = {copy.fingerprint: copy for copy in sealed if copy.survey_id != survey_id}
    marks = {path: file_fingerprint(path, keys) for path in paths if path.is_file()}
    moved = {path: replace(elsewhere[mark], survey_id=survey_id) for path, mark in marks.items() if mark in elsewhere}
    for copy in moved.values():
        known_file(open_raw(copy, keys), copy, programme)
    return moved


def in_their_places(sealed: list[RawCopy], moved: Moved) -> list[RawCopy]:
    changed = {copy.number: copy for copy in moved.values()}
    return [changed.get(copy.number, copy) for copy in sealed]


def refuse_unfit(moved: Moved, intake: Intake) -> None:
    """A file whose rows the other entry does not take stays where it was: the run ends before anything is written."""
    numbers = {copy.number for copy in moved.values()}
    for file, refusal in intake.refused:
        if file.number in numbers:
            raise refusal


def seal_moved(moved: Moved, keys: Keys) -> None:
    for copy in moved.values():
        replace_raw(copy, open_raw(copy, keys), keys, name=copy.name, cleaned=copy.cleaned)
