"""Text that came from somebody else, in every place where a published table can carry text, through every writer:
no live formula, no live markup, no header of the attacker's (facts: formula injection, HTML injection, email headers,
path traversal in names)."""

import csv
import email
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from cfc_pipeline.errors import EmailError, ReleaseError
from cfc_pipeline.programme import Email, Smtp
from cfc_pipeline.publish.email import build_message
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.release import write_release
from tests.published import WHEN, flow, outcomes, programme, ratings, table

PAYLOADS = (
    '=HYPERLINK("http://example.org/","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    'x;=1+1;"',
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title></svg><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "**bold** [link](javascript:alert(1))",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "]]><!--",
    "&lt;b&gt;",
)


def _poisoned(original: PublishedTable, payload: str) -> PublishedTable:
    """The payload in every text: cells, headings, groups, titles, notes, reasons. Keys are ours and stay."""
    texts = [c.key for c in original.columns if c.kind == "text"]
    values = original.values.with_columns((pl.lit(payload) + pl.col(key)).alias(key) for key in texts)
    return replace(
        original,
        values=values,
        columns=tuple(
            replace(
                c,
                label=f"{payload}{i}",
                group=payload + c.group if c.group else "",
                interval=payload + c.interval if c.interval else "",
            )
            for i, c in enumerate(original.columns)
        ),
        title=payload,
        shows=payload,
        people=payload,
        rule=payload,
        source=payload,
        notes=(payload,),
        reasons=dict.fromkeys(original.reasons, payload),
        off_because=payload,
    )


class _Live(HTMLParser):
    """Collects whatever a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {
            "script",
            "img",
            "iframe",
            "object",
            "embed",
            "link",
            "form",
            "base",
            "foreignobject",
            "image",
            "use",
        }:
            self.found.append(tag)
        for name, value in attrs:
            link = name in {"href", "xlink:href", "src"} and not re.fullmatch(r"#[\w-]+|[\w./-]+", value or "")
            if name.startswith("on") or link or (name == "style" and "url(" in (value or "")):
                self.found.append(f"{tag} {name}")


def _live(html: str) -> list[str]:
    parser = _Live()
    parser.feed(html)
    return parser.found


def test_the_parser_of_this_test_does_find_live_markup() -> None:
    assert _live("<p><img src=x onerror=alert(1)></p><a href='javascript:x'>") == ["img", "img onerror", "a href"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_writer_lets_text_come_alive(tmp_path: Path, payload: str) -> None:
    there = programme(tmp_path)
    assert there.email is not None
    there = there.model_copy(
        update={"name": f"Programme {payload}", "email": there.email.model_copy(update={"subject": payload})}
    )
    # Only markup can come alive in a chart; drawing them all for every payload would only take time.
    charted = (flow(), outcomes(), ratings()) if "<" in payload else ()
    tables = [_poisoned(t, payload) for t in (table(), *charted)]
    release = write_release(there, tables, when=WHEN, version="0", source={"data": payload})

    for page in release.rglob("*.html"):
        assert _live(page.read_text(encoding="utf-8")) == [], page.name
    for path in release.rglob("*.csv"):
        for row in list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]:
            assert not any(_is_formula(cell) for cell in row), path.name
    _check_workbook(release / "tables.xlsx")
    _check_message(build_message(there, tables, release.name).as_bytes())


def _is_formula(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return bool(re.search(r"(^|[,;|])[\"\s]*[=+\-@＝＋－＠]", cell))
    return False


def _check_workbook(path: Path) -> None:
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    with zipfile.ZipFile(path) as parts:
        xml = b"".join(parts.read(name) for name in parts.namelist())
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml
    assert b'Target="http' not in xml


def _check_message(raw: bytes) -> None:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    html = message.get_body(("html",))
    assert html is not None
    assert _live(html.get_content()) == []
    assert not list(message.iter_attachments())


@pytest.mark.parametrize(
    "address",
    [
        "head@example.org\r\nBcc: thief@example.org",
        "head@example.org\nX: y",
        "head@example.org, thief@example.org",
        "head@example.org; thief@example.org",
        "A\r\nBcc: <thief@example.org> <head@example.org>",
        "<thief@example.org> <head@example.org>",
        "no address",
        "",
    ],
)
def test_an_address_is_one_address_or_nothing_is_built(tmp_path: Path, address: str) -> None:
    there = programme(tmp_path)
    smtp = Smtp(host="localhost")
    for settings in (
        Email(sender="a@example.org", to=[address], smtp=smtp),
        Email(sender=address, to=["a@b.org"], smtp=smtp),
    ):
        with pytest.raises(EmailError, match="address") as caught:
            build_message(there.model_copy(update={"email": settings}), [flow()], "2026-11-20T030005Z")
        assert "thief" not in str(caught.value)


@pytest.mark.parametrize("name", ["../outside", "/etc/x", "con", "a\x00b", "tables/../../x", "ＣＯＮ", "x."])
def test_a_table_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match="safe file name"):
        write_release(programme(tmp_path), [table(name)], when=WHEN, version="0", source={})
    assert not (tmp_path / "releases").exists()
