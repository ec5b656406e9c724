"""KoboToolbox's API v2. Two public servers, and many organisations' own: the account's address is the right one.

A page holds 1,000 rows at most since 2026 (it was 30,000), and 100 if nobody asks: whoever takes one page for all loses
people silently. Pages are asked for by the last `_id` seen, not by position: when a submission is deleted meanwhile,
all later ones move up by a place, and the next position would leave one out.

Cells hold names of choices, several of them with spaces between, and here become labels. What was not answered is
absent, whether it was shown or not. `_id` survives an edit; `_uuid` does not, and `_submission_time`, UTC without
saying so, is that of the first sending: an edit is found only when everything is compared. Repeat groups hold many
answers a person and are left out. Every submission was finished on the device, and a form's preview sends nothing.

Rows were recorded from a real server. How forms look is from public examples of theirs; unconfirmed are the order by
`_id`, and that rating tables send `table/row` like any group. A server that orders otherwise is refused, not believed.
"""

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_order, in_pages, latest
from cfc_pipeline.sources.apis.nested import whole
from cfc_pipeline.sources.apis.xlsform import choice, labelled
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Shape, Web

NEEDS = "the API key that the account's settings show under Security"
_PER_PAGE = 1000  # the most that the API gives
_SYSTEM = {"_id": pl.Int64, "_submission_time": pl.String}
_PERSONAL = ("email", "username", "deviceid", "phonenumber", "simserial", "subscriberid")  # types of questions
_SILENT = ("start", "end", "today", "note", "audit", "background-audio")  # asked of nobody
_TABLES = {"begin_score": "kobo--score-choices", "begin_rank": "kobo--rank-items"}  # where a table names its choices


class _Group(NamedTuple):
    name: str
    text: str
    choices: tuple[Choice, ...]  # of its rows, if it is a table


def connect(fetch: Fetch, secret: str) -> Web:
    if fetch.server is None:
        raise ConfigError(
            "KoboToolbox has several servers, and the survey does not say which.",
            where="`fetch:`",
            next_step="add `server:` with the address where you sign in, such as https://eu.kobotoolbox.org",
        )
    return Web(fetch.server, title="KoboToolbox", headers={"Authorization": f"Token {secret}"})


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    content = web.get_json(f"api/v2/assets/{survey}/", format="json")["content"]
    lists: dict[str, list[Choice]] = {}
    for one in content.get("choices", ()):
        lists.setdefault(one["list_name"], []).append(choice(_name(one), _label(one)))
    return tuple(_columns(content["survey"], lists))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    start = (earlier(since) or "").removesuffix("Z")
    window = {"_submission_time": {"$gte": start}} if start else {}
    keys = [column.key for column in form if column.key in wanted]
    rows = labelled(in_order(in_pages(_pages(web, survey, window, keys), _told), form, wanted), form)
    return Answers(rows, latest(rows[SUBMITTED].to_list(), since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return int(web.get_json(_data(survey), limit=1)["count"])


def _data(survey: str) -> str:
    return f"api/v2/assets/{survey}/data.json"


def _pages(web: Web, survey: str, window: dict[str, Any], keys: list[str]) -> Iterator[pl.DataFrame]:
    fields = {**_SYSTEM, **dict.fromkeys(keys, pl.String)}
    shape: Shape = {"count": pl.Int64, "next": pl.String, "results": pl.List(pl.Struct(fields))}
    last, more = 0, True
    while more:
        page = web.get_columns(
            _data(survey),
            shape,
            limit=_PER_PAGE,
            sort=json.dumps({"_id": 1}),
            query=json.dumps({"_id": {"$gt": last}, **window}),
            fields=json.dumps(list(fields)),
        )
        rows, left = whole(page["results"].item().struct.unnest(), *_SYSTEM), page["count"].item()
        ids = rows["_id"].to_list()
        if ids != sorted(set(ids)) or min(ids, default=last + 1) <= last:
            raise web.strange("its responses repeat, or are not in the order that was asked for")
        if len(ids) < min(left, _size(page["next"].item(), left)):
            raise web.strange(f"it sent {len(ids)} of the {left} responses that were left")
        more = len(ids) < left
        yield rows
        last = max(ids, default=last)


def _size(following: str | None, left: int) -> int:
    """How many rows a page has, which the link to the next one tells; without a next one, all that are left."""
    size = int(dict(parse_qsl(urlsplit(following).query))["limit"]) if following else left
    return max(1, size)


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("_id").cast(pl.String).alias(RECORD),
        (pl.col("_submission_time").str.slice(0, 19) + "Z").alias(SUBMITTED),
        pl.lit(True).alias(COMPLETE),
        pl.lit(False).alias(TEST),
    )


def _columns(survey: list[dict[str, Any]], lists: Mapping[str, list[Choice]]) -> Iterator[RawColumn]:
    """A column for each question outside of repeat groups."""
    groups: list[_Group] = []
    repeats = 0
    for one in survey:
        kind = one["type"]
        repeats += {"begin_repeat": 1, "end_repeat": -1}.get(kind, 0)
        if kind.startswith("begin_"):
            offered = lists.get(one.get(_TABLES.get(kind, ""), ""), ())
            groups.append(_Group(_name(one), _label(one), tuple(offered)))
        elif kind.startswith("end_"):
            groups.pop()
        elif not repeats and kind not in _SILENT:
            yield _column(one, groups, lists)


def _column(one: dict[str, Any], groups: list[_Group], lists: Mapping[str, list[Choice]]) -> RawColumn:
    key = one.get("$xpath") or "/".join([*(group.name for group in groups), _name(one)])
    text = _label(one) or _name(one)
    if one["type"] in ("score__row", "rank__level"):
        return RawColumn(key, groups[-1].text, text, choices=groups[-1].choices)
    if one["type"] in _PERSONAL:
        return RawColumn(key, text, system=True, personal=True)
    return RawColumn(key, text, choices=tuple(lists.get(one.get("select_from_list_name", ""), ())))


def _name(one: dict[str, Any]) -> str:
    return str(one.get("name") or one["$autoname"])


def _label(one: dict[str, Any]) -> str:
    """In the first of the form's languages that has one."""
    label = one.get("label") or ""
    return tidy(label if isinstance(label, str) else next((text for text in label if text), ""))
