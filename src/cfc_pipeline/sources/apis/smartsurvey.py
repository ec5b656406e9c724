"""SmartSurvey's API v1. The same account can be kept in other regions, each with its own address.

Bodies are bare lists; how many responses there are stands in headers. Pages are numbers, oldest responses first.

`since` goes by the end of a response, so what was edited later is found only when everything is compared. Answers carry
addresses, names and links that let their holder change a response: nothing but the listed fields is taken.

No account was at hand. Paths, parameters and fields of answers are from four public clients that ran against the tool.
The names of the types of choices in a form, and that `since` goes by the end also for unfinished responses, are
unconfirmed; tables of drop-down lists are left out. Whether a question was shown is not told.
"""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import Any

import polars as pl

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_order, in_pages, latest
from cfc_pipeline.sources.apis.nested import each, labels, not_ticked, pages_with, questions, whole, wide
from cfc_pipeline.sources.apis.paging import numbered
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Reply, Shape, Web

NEEDS = "an API token and its secret, joined by a colon (token:secret), from the account's page of API keys"
_SERVER = "https://api.smartsurvey.io/v1"
_PER_MINUTE = 120  # the least that a plan with the API allows
_PER_PAGE = 100  # the most that the API gives
_BOTH = 2  # of `completed`: finished and unfinished responses
_TYPED = ("text", "comment", "other")  # types of answers that somebody wrote
# Also known by these keys in files; only stored for an entry that names one as its person column.
_PERSONAL = {"Email": "contact_email", "Name": "contact_name", "Unique ID": "unique_id"}
_FIELDS = ("id", "date_ended", "date_started", "status")
_ANSWER = ("type", "row_id", "column_id", "column_title", "dropdown_id", "choice_id", "choice_title", "value")
_RESPONSE: Shape = {**dict.fromkeys((*_FIELDS, *_PERSONAL.values()), pl.String), "pages": pages_with(_ANSWER)}


def connect(fetch: Fetch, secret: str) -> Web:
    token, colon, password = secret.partition(":")
    if not (token and colon and password):
        raise ConfigError(
            "The secret of SmartSurvey has two parts, and this one has not.",
            where=f"environment variable {fetch.variable('smartsurvey')}",
            next_step="set it to the API token, a colon and the token's secret",
        )
    server = fetch.server or _SERVER
    return Web(server, title="SmartSurvey", login=(token, password), per_minute=_PER_MINUTE)


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    pages = web.get_json(f"surveys/{survey}/detailed")["pages"]
    asked = [column for page in pages for question in page["questions"] for column in _columns(question)]
    return (*asked, *(RawColumn(key, key, system=True, personal=True) for key in _PERSONAL))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    window = {"since": _seconds(start)} if (start := earlier(since)) else {}
    told = in_pages(_walk(web, survey, window), lambda some: _cells(some, form, wanted))
    rows = in_order(told, form, wanted)
    return Answers(rows, latest(rows[SUBMITTED].to_list(), since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return _total(_page(web, survey, page=1, page_size=1))


def _walk(web: Web, survey: str, window: dict[str, int]) -> Iterator[pl.DataFrame]:
    def page(number: int) -> tuple[pl.DataFrame, pl.Series, int]:
        reply = _page(web, survey, page=number, page_size=_PER_PAGE, **window)
        rows = whole(web.columns(reply, _RESPONSE), "id", "status", "pages")
        return rows, rows["id"], _total(reply)

    return numbered(web, page, _PER_PAGE)


def _page(web: Web, survey: str, **asked: int) -> Reply:
    place = f"surveys/{survey}/responses"
    return web.get(place, completed=_BOTH, include_labels="true", sort_by="date_ended,asc", **asked)


def _total(reply: Reply) -> int:
    return int(reply.headers["X-SS-Pagination-Total"])


def _seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def _columns(question: dict[str, Any]) -> Iterator[RawColumn]:
    """A column for the question, or for each of its rows or options; one more for each text beside a choice."""
    key, text, offered = str(question["id"]), tidy(question["title"]), question.get("choices") or ()
    rows = [one for one in offered if one["type"] == "matrix_row"]
    typed = [one for one in offered if one["type"] in _TYPED]
    choices = tuple(_choice(one) for one in offered if one["type"] not in ("matrix_row", *_TYPED))
    if rows:
        yield from (RawColumn(f"{key}_{row['id']}", text, tidy(row["title"]), choices=choices) for row in rows)
    elif question["type"] == "multiple_choice":
        yield from (RawColumn(f"{key}_{one.id}", text, one.label, choices=(one,)) for one in choices)
    elif choices or len(typed) < 2:
        yield RawColumn(key, text, choices=choices)
    if rows or choices or len(typed) > 1:
        yield from (RawColumn(f"{key}_{one['id']}", text, tidy(one["title"])) for one in typed)


def _choice(one: dict[str, Any]) -> Choice:
    score = (one.get("properties") or {}).get("score_value")
    return Choice(str(one["id"]), tidy(one["title"]), None if score is None else str(score))


def _cells(found: pl.DataFrame, form: tuple[RawColumn, ...], wanted: Container[str]) -> pl.DataFrame:
    told = found.select(
        pl.col("id").alias(RECORD),
        _first(pl.col("date_ended"), last="date_started").alias(SUBMITTED),  # nobody says what an unfinished one has
        (pl.col("status") == "completed").alias(COMPLETE),
        pl.lit(False).alias(TEST),
        *(pl.col(field).alias(key) for key, field in _PERSONAL.items()),
    )
    asked = questions(found)
    answers = each(asked, "answers").filter(pl.col("dropdown_id").is_null())  # else in a table without columns
    whole(answers.filter(pl.col("row_id").is_null()), "type")
    nothing = not_ticked(asked.filter(pl.col("answers").list.len() > 0), form)
    return wide(whole(told, SUBMITTED), [nothing, _said(answers, form)], form, wanted)


def _said(answers: pl.DataFrame, form: tuple[RawColumn, ...]) -> pl.DataFrame:
    """Where answers belong, and their texts or the labels of their choices, which a form that was changed may lack.
    Several to one key are joined."""
    row = pl.col("row_id").is_not_null()
    choice, title = (pl.when(row).then(f"column_{part}").otherwise(f"choice_{part}") for part in ("id", "title"))
    titles = answers.select(title.alias("title").unique().drop_nulls())["title"]
    label = _looked_up(pl.concat_str("id", choice, separator="_"), labels(form))
    named = _looked_up(title, {one: tidy(one) for one in titles})
    typed = ~row & pl.col("type").is_in(_TYPED)
    own = pl.concat_str("id", pl.when(row).then("row_id").otherwise("choice_id"), separator="_")
    known = row | own.is_in([column.key for column in form])
    placed = answers.select(
        "index",
        pl.when(known).then(own).otherwise("id").alias("key"),
        pl.when(typed).then("value").otherwise(_first(label, named, last="value")).alias("said"),
    )
    return placed.group_by("index", "key", maintain_order=True).agg(pl.col("said").str.join("; "))


def _looked_up(cell: pl.Expr, words: dict[str, str]) -> pl.Expr:
    return cell.replace_strict(words, default=None, return_dtype=pl.String)


def _first(*parts: pl.Expr, last: str) -> pl.Expr:
    """The first that is not empty, or the last."""
    return pl.coalesce(*(pl.when(part != "").then(part) for part in parts), last)
