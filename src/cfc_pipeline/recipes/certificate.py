"""The certificate of an erasure: what was done, in counts, and not to whom."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cfc_pipeline.identity.keys import private_folder

FOLDER = "erasures"
NOTICE = "erasure-notice.txt"
_LINES = ("corrections", "approvals", "codes", "links", "backups")
_COUNTS = ("mentions", "files", *_LINES)


@dataclass
class Certificate:
    """What an erasure did, in counts; nothing in it says who it was."""

    certificate: str
    at: str
    rows: dict[str, int]  # survey: rows of theirs
    mentions: int  # cells of others that named them
    files: int  # sealed copies that were written again
    corrections: int = 0  # lines
    approvals: int = 0  # lines
    codes: int = 0  # lines
    links: int = 0  # lines
    backups: int = 0  # managed ones, which were shredded
    releases: list[str] = field(default_factory=list)  # marked, because their figures hold the answers
    quoting: list[str] = field(default_factory=list)  # those of them that quote a comment which is gone
    searched: int = 0  # files that were searched for what they were called, by this many forms of it:
    forms: int = 0
    dry_run: bool = False
    audit_log: str = ""

    def in_words(self) -> str:
        would = "would be " if self.dry_run else ""
        rows = ", ".join(f"{count} of {survey}" for survey, count in sorted(self.rows.items())) or "none"
        lines = [
            f"Rows of this person that {would or 'were '}taken out: {rows}.",
            f"Cells of other people that named them and {would or 'were '}masked: {self.mentions}.",
        ]
        if self.dry_run:
            return "\n".join([*lines, "Nothing was changed."])
        lines += [
            f"{self.files} sealed copies and both databases were written anew; {self.corrections} corrections, "
            f"{self.approvals} decisions about comments, {self.codes} themes of comments and {self.links} decisions "
            "about links were taken out.",
            f"{self.searched} files were searched for {self.forms} forms of what they were called: nothing is left.",
        ]
        if self.releases:
            lines.append(f"To do: publish again. {len(self.releases)} earlier releases are marked with {NOTICE}.")
        if self.quoting:
            lines.append(f"To do: delete these releases, which quote a comment that is gone: {', '.join(self.quoting)}")
        if self.backups:
            lines.append(f"{self.backups} backups in data/backups/ were shredded, and a new one was made.")
        lines.append("To do: erase the person in the survey tools too, and in backups and copies outside this folder.")
        return "\n".join([*lines, f"Certificate: erasures/{self.certificate}.json"])

    def counts(self) -> dict[str, Any]:
        """What an erasure that is killed has to remember of it."""
        return {key: value for key, value in asdict(self).items() if key in ("certificate", "at", "rows", *_COUNTS)}

    def at_least(self, before: "Certificate | None") -> "Certificate":
        """Lines and backups that a run before this one found may be gone, or still there."""
        more = {name: max(getattr(self, name), getattr(before, name)) for name in _LINES} if before else {}
        return replace(self, **more)

    def write(self, folder: Path) -> None:
        """Into erasures/, for the pipeline's account only: survey by survey, it tells in which small group somebody
        is missing from then on. Certificates of earlier versions are closed too."""
        place = private_folder(folder / FOLDER)
        told = {key: value for key, value in asdict(self).items() if key != "dry_run"}
        path = place / f"{self.certificate}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        for one in place.iterdir():
            one.chmod(0o600)
