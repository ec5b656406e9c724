"""SurveyMonkey's API v3. Three regions, each with its own address; the wrong one answers with error 1018.

Pages are walked in the order of the last change: in any other order they shift while people answer, and responses are
lost. Skipped questions are absent. A choice with its own text can come twice, as a choice and as "other". `edit_url`
lets its holder change a response, and addresses and names come uninvited: nothing but the listed fields is taken.
"""

from collections.abc import Container, Iterator
from typing import Any

import polars as pl

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, in_order, in_pages, latest
from cfc_pipeline.sources.apis.nested import each, labels, not_ticked, options, pages_with, questions, whole, wide
from cfc_pipeline.sources.apis.paging import numbered
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Shape, Web

NEEDS = "the access token of a private app, with the scopes surveys_read and responses_read_detail"
_SERVER = "https://api.surveymonkey.com/v3"
_PER_MINUTE = 120
_PER_PAGE = 100  # the most that the API gives
_TESTS = ("preview", "survey_preview")
# Also known by these keys in files; only fetched for an entry that names one as its person column.
_PERSONAL = {"Email Address": "email_address", "First Name": "first_name", "Last Name": "last_name"}
_REFERENCE = "Custom Data 1"
_FIELDS = ("id", "date_modified", "response_status", "collection_mode")
_ANSWER = ("choice_id", "other_id", "row_id", "col_id", "text")
_RESPONSE: Shape = {
    **dict.fromkeys((*_FIELDS, "custom_value", *_PERSONAL.values()), pl.String),
    "pages": pages_with(_ANSWER),
}
_PAGE: Shape = {"data": pl.List(pl.Struct(_RESPONSE)), "total": pl.Int64}


def connect(fetch: Fetch, secret: str) -> Web:
    return Web(
        fetch.server or _SERVER,
        title="SurveyMonkey",
        headers={"Authorization": f"bearer {secret}"},
        per_minute=_PER_MINUTE,
        complain=_complain,
    )


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    pages = web.get_json(f"surveys/{survey}/details")["pages"]
    asked = [column for page in pages for question in page["questions"] for column in _columns(question)]
    own = [RawColumn(key, key, system=True, personal=True) for key in (*_PERSONAL, _REFERENCE)]
    return (*asked, *own)


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    window = {"start_modified_at": earlier(since)} if since else {}
    told = in_pages(_bulk(web, survey, window), lambda some: _cells(some, form, wanted))
    rows = in_order(told, form, wanted)
    stamps = [stamp[:19] + "Z" for stamp in rows[SUBMITTED]]
    return Answers(rows, latest(stamps, since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return int(web.get_json(f"surveys/{survey}/responses/bulk", per_page=1)["total"])


def _bulk(web: Web, survey: str, window: dict[str, str | None]) -> Iterator[pl.DataFrame]:
    asked = {"per_page": _PER_PAGE, "sort_by": "date_modified", "sort_order": "ASC", **window}

    def page(number: int) -> tuple[pl.DataFrame, pl.Series, int]:
        content = web.get_columns(f"surveys/{survey}/responses/bulk", _PAGE, page=number, **asked)
        rows = whole(content["data"].item().struct.unnest(), *_FIELDS, "pages")
        return rows, rows["id"], content["total"].item()

    return numbered(web, page, _PER_PAGE)


def _columns(question: dict[str, Any]) -> Iterator[RawColumn]:
    """A column for the question, or for each of its rows, cells or options; a text of its own for "other"."""
    key, text = question["id"], tidy(" ".join(part["heading"] for part in question["headings"]))
    answers = question.get("answers", {})
    choices = tuple(_choice(one) for one in answers.get("choices", ()))
    rows, cells = answers.get("rows", ()), answers.get("cols", ())
    if question["family"] == "multiple_choice":
        yield from (RawColumn(f"{key}_{one.id}", text, one.label, choices=(one,)) for one in choices)
    elif rows and cells:
        for row in rows:
            for cell in cells:
                offered = tuple(_choice(one) for one in cell.get("choices", ()))
                label = f"{tidy(row['text'])} | {tidy(cell['text'])}"
                yield RawColumn(f"{key}_{row['id']}_{cell['id']}", text, label, choices=offered)
    elif rows:
        yield from (RawColumn(f"{key}_{row['id']}", text, tidy(row["text"]), choices=choices) for row in rows)
    else:
        yield RawColumn(key, text, choices=choices)
    if other := answers.get("other"):
        yield RawColumn(f"{key}_{other['id']}", text, tidy(other["text"]))


def _choice(one: dict[str, Any]) -> Choice:
    number = one.get("weight", one.get("quiz_options", {}).get("score"))
    return Choice(one["id"], tidy(one["text"]), None if number is None else str(number))


def _cells(found: pl.DataFrame, form: tuple[RawColumn, ...], wanted: Container[str]) -> pl.DataFrame:
    told = found.select(
        pl.col("id").alias(RECORD),
        pl.col("date_modified").alias(SUBMITTED),
        (pl.col("response_status") == "completed").alias(COMPLETE),
        pl.col("collection_mode").is_in(_TESTS).alias(TEST),
        pl.col("custom_value").alias(_REFERENCE),
        *(pl.col(field).alias(key) for key, field in _PERSONAL.items()),
    )
    asked = questions(found)
    return wide(told, [not_ticked(asked, form), _said(each(asked, "answers"), form)], form, wanted)


def _said(answers: pl.DataFrame, form: tuple[RawColumn, ...]) -> pl.DataFrame:
    """Where answers belong, and their texts or the labels of their choices."""
    choice = pl.concat_str("id", "choice_id", separator="_")
    place = pl.concat_str("id", "other_id", "row_id", "col_id", separator="_", ignore_nulls=True)
    ticked = pl.col("id").is_in(options(form)["id"].implode()) & pl.col("choice_id").is_not_null()
    label = choice.replace_strict(labels(form), default=None, return_dtype=pl.String)
    return answers.select(
        "index",
        pl.when(ticked).then(choice).otherwise(place).alias("key"),
        pl.coalesce("text", label).alias("said"),
    )


_COMPLAINTS: dict[str, Complaint] = {
    **dict.fromkeys(("1010", "1011", "1012", "1013"), "token"),
    **dict.fromkeys(("1014", "1015", "1016", "1017"), "permission"),
    "1018": "region",
    "1020": "survey",
    "1040": "quota",
    **dict.fromkeys(("1050", "1051"), "busy"),
    **dict.fromkeys(("1052", "1053"), "token"),  # the account was deleted
}


def _complain(reply: Reply) -> Complaint | None:
    if reply.status < 400:
        return None
    body = reply.json()
    if isinstance(body, dict) and body.get("errmsg"):
        return "token"  # {"status": 1, "errmsg": "Client revoked access grant"}
    error = body.get("error") if isinstance(body, dict) else None
    return _COMPLAINTS.get(str(error.get("id"))) if isinstance(error, dict) else None
