"""ODK Central's OData feed, one row a submission. Every organisation has its own server.

The feed leaves deleted submissions out unless the filter names `deletedAt`, which servers before 2024.3 do not know; so
it is asked for only where rows have it, and then a deletion comes with the next fetch. `updatedAt` is null until an
edit, and `__id` stays. Pages follow links that hold a place, not a number, so nobody is left out while others arrive.

Groups are objects in objects, here `group-question` as in files. Answers are names of choices, several with spaces
between; labels come from the form's XML. What was not answered is null, whether it was shown or not. Repeats are tables
of their own and are left out. Every submission was finished on the device; drafts are not in this feed.

Read in the tool's documentation and tests, on no running server. Basic authentication is used although it is slow,
because a session outlives the fetch; where single sign-on is on, both are off, and only an account of the tool's own
can fetch. Unconfirmed: `$select` of questions in groups, and that deleted rows say no more than that they are.
"""

import re
from collections.abc import Container, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_columns, in_order, latest
from cfc_pipeline.sources.apis.paging import Row
from cfc_pipeline.sources.apis.xform import Wording, wordings
from cfc_pipeline.sources.apis.xlsform import labelled
from cfc_pipeline.sources.forms import form as known_columns
from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, RawColumn
from cfc_pipeline.sources.web import Web

NEEDS = "email and password of an account with the role Project Viewer, joined by a colon (email:password)"
_PER_PAGE = 1000
_STAMPS = ("submissionDate", "updatedAt", "deletedAt")


def connect(fetch: Fetch, secret: str) -> Web:
    email, colon, password = secret.partition(":")
    if not (email and colon and password):
        raise _wrong(
            "The secret of ODK Central has two parts, and this one has not.",
            f"environment variable {fetch.variable('odk')}",
            "set it to an account's email address, a colon and its password",
        )
    if fetch.server is None:
        raise _wrong(
            "Every ODK Central has its own address, and the survey does not say which.",
            "`fetch:`",
            "add `server:` with the address where you sign in, such as https://odk.example.org",
        )
    if not re.fullmatch(r"\d+/.+", fetch.survey):
        raise _wrong(
            "A form of ODK Central is named by its project's number and its own id.",
            "`fetch: {survey: ...}`",
            "write both with a slash between, such as `3/feedback`: its web address has them",
        )
    return Web(fetch.server, title="ODK Central", login=(email, password))


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    fields = web.get_json(f"{_place(survey)}/fields", odata="true")
    said = {_odata(path): wording for path, wording in wordings(web.get(f"{_place(survey)}.xml").content).items()}
    repeats = tuple(f"{one['path']}/" for one in fields if one["type"] == "repeat")
    asked = [one for one in fields if one["type"] not in ("structure", "repeat") and not one.get("binary")]
    found = (_column(one["path"], said) for one in asked if not one["path"].startswith((*repeats, "/meta/")))
    return tuple(column for column in found if column)


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    ways = {column.key: tuple(column.key.split("-")) for column in form if column.key in wanted}
    select = ",".join(["__id", "__system", *("/".join(way) for way in ways.values())])
    window = {"$filter": _changed(web, survey, since)} if since else {}
    gone, stamps = list[str](), list[str]()

    def cells(some: list[Row]) -> dict[str, list[Any]]:
        nonlocal gone, stamps
        about = [one["__system"] for one in some]
        if any(one.get("status") for one in about):
            raise _encrypted(survey)
        stamps += [f"{stamp[:19]}Z" for one in about for part in _STAMPS if (stamp := one.get(part))]
        gone += [one["__id"] for one in some if one["__system"].get("deletedAt")]
        return _cells([one for one in some if not one["__system"].get("deletedAt")], ways)

    told = in_columns(_walk(web, survey, **{"$select": select}, **window), cells)
    rows = labelled(in_order(told, form, wanted), form)
    return Answers(rows, latest(stamps, since), everything=not since, gone=tuple(gone))


def count(web: Web, survey: str) -> int | None:
    return int(web.get_json(_feed(survey), **{"$top": 0, "$count": "true"})["@odata.count"])


def _place(survey: str) -> str:
    project, _, name = survey.partition("/")
    return f"v1/projects/{project}/forms/{quote(name, safe='')}"


def _feed(survey: str) -> str:
    return f"{_place(survey)}.svc/Submissions"


def _changed(web: Web, survey: str, since: str) -> str:
    """What was sent, edited or, where the server tells, deleted since then."""
    newest = web.get_json(_feed(survey), **{"$top": 1, "$select": "__id,__system"})["value"]
    stamps = _STAMPS if newest and "deletedAt" in newest[0]["__system"] else _STAMPS[:2]
    return " or ".join(f"__system/{stamp} ge {earlier(since)}" for stamp in stamps)


def _walk(web: Web, survey: str, **asked: str) -> Iterator[Row]:
    ids, told = set(), None
    pages = web.pages(
        _feed(survey), lambda page: page.get("@odata.nextLink"), **{"$top": _PER_PAGE, "$count": "true"}, **asked
    )
    for page in pages:
        told = page["@odata.count"] if told is None else told  # who comes later is before the first page
        ids |= {one["__id"] for one in page["value"]}
        yield from page["value"]
    if len(ids) < (told or 0):
        raise web.strange(f"it sent {len(ids)} of {told} responses")


def _column(path: str, said: dict[str, Wording]) -> RawColumn | None:
    """None for what a device adds and nobody may want. Names in the feed have no hyphens, so keys can be read back."""
    key, (text, choices) = path[1:].replace("/", "-"), said.get(path, Wording("", ()))
    if known := known_columns("odk").find(key):
        return RawColumn(key, key, system=True, personal=True) if known.personal else None
    return RawColumn(key, text or path.rpartition("/")[2], choices=choices)


def _odata(path: str) -> str:
    """A path as the feed writes it, which allows letters, digits and underscores only."""
    parts = (re.sub(r"[^A-Za-z0-9_]+", "_", re.sub(r"^(?=[^A-Za-z_])", "_", part)) for part in path[1:].split("/"))
    return "/" + "/".join(parts)


def _cells(found: list[Row], ways: dict[str, tuple[str, ...]]) -> dict[str, list[Any]]:
    @cache
    def at(way: tuple[str, ...]) -> list[Any]:
        """The answers at the end of a way through groups; nobody's who skipped one of them."""
        return [None if one is None else one.get(way[-1]) for one in at(way[:-1])] if way else found

    return {
        RECORD: [one["__id"] for one in found],
        SUBMITTED: [one["__system"]["submissionDate"] for one in found],
        COMPLETE: [True] * len(found),
        TEST: [False] * len(found),
        **{key: [said if said is None else str(said) for said in at(way)] for key, way in ways.items()},
    }


def _wrong(what: str, where: str, next_step: str) -> ConfigError:
    return ConfigError(what, where=where, next_step=next_step)


def _encrypted(survey: str) -> SourceError:
    return SourceError(
        "ODK Central has submissions that are encrypted, so their answers cannot be fetched.",
        where=f"form {survey}",
        next_step="nothing was stored; download the form's CSV with its passphrase and put that into the inbox",
    )
