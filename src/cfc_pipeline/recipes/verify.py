"""What lies in the folder is what was written: the audit log, sealed copies, releases."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.identity.keys import load_keys
from cfc_pipeline.identity.vault import list_raw, open_raw
from cfc_pipeline.programme_file import load_programme
from cfc_pipeline.recipes import audit
from cfc_pipeline.recipes.plurals import several


def verify(folder: Path, environ: Mapping[str, str]) -> list[str]:
    """A line for each thing that was checked; raises the error of the first that is not as it was."""
    programme = load_programme(folder)
    keys = load_keys(programme.restricted, environ)
    entries, untold = audit.check(programme.folder)
    copies = list_raw(programme.restricted, keys)
    for copy in copies:
        open_raw(copy, keys)
    releases = sorted(p.parent for p in programme.releases.glob("*/release.json") if not p.parent.is_symlink())
    for release in releases:
        _check_release(release)
    return [
        f"good: the audit log has {several(entries, 'entry', 'entries')}, none was changed or taken out",
        *(f"note: {line}" for line in untold),
        f"good: {several(len(copies), 'sealed copy opens and holds', 'sealed copies open and hold')} what was put in",
        f"good: the files of {several(len(releases), 'release', 'releases')} are as they were written",
    ]


def _check_release(folder: Path) -> None:
    listed = json.loads((folder / "release.json").read_text(encoding="utf-8"))["files"]
    changed = [name for name, mark in listed.items() if not _is(folder / name, mark)]
    if changed:
        raise ReleaseError(
            "Files of a release were changed or removed after it was written.",
            where=f"releases/{folder.name}: {', '.join(changed[:5])}",
            next_step="restore them from a backup, or delete the release and publish again",
        )


def _is(path: Path, mark: str) -> bool:
    return path.exists() and f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" == mark
