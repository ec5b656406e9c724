"""SurveyMonkey's API v3. Three regions, each with its own address; the wrong one answers with error 1018.

Pages are walked in the order of the last change: in any other order they shift while people answer, and responses are
lost. Skipped questions are absent. A choice with its own text can come twice, as a choice and as "other". `edit_url`
lets its holder change a response, and addresses and names come uninvited: nothing but the listed fields is taken.
"""

from collections.abc import Container, Iterator
from typing import Any

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, latest, table
from cfc_pipeline.sources.apis.paging import Row, numbered
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, NOT_TICKED, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "the access token of a private app, with the scopes surveys_read and responses_read_detail"
_SERVER = "https://api.surveymonkey.com/v3"
_PER_MINUTE = 120
_PER_PAGE = 100  # the most that the API gives
_TESTS = ("preview", "survey_preview")
# Also known by these keys in files; only fetched for an entry that names one as its person column.
_PERSONAL = {"Email Address": "email_address", "First Name": "first_name", "Last Name": "last_name"}
_REFERENCE = "Custom Data 1"


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
    labels = {(c.key.split("_")[0], choice.id): choice.label for c in form for choice in c.choices}
    options = _options(form)
    rows = table((_row(one, labels, options) for one in _bulk(web, survey, window)), form, wanted)
    stamps = [stamp[:19] + "Z" for stamp in rows[SUBMITTED]]
    return Answers(rows, latest(stamps, since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    return int(web.get_json(f"surveys/{survey}/responses/bulk", per_page=1)["total"])


def _bulk(web: Web, survey: str, window: dict[str, str | None]) -> Iterator[Row]:
    asked = {"per_page": _PER_PAGE, "sort_by": "date_modified", "sort_order": "ASC", **window}

    def page(number: int) -> tuple[list[Row], int]:
        content = web.get_json(f"surveys/{survey}/responses/bulk", page=number, **asked)
        return content["data"], content["total"]

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


def _options(form: tuple[RawColumn, ...]) -> dict[str, list[str]]:
    """Question: the keys of its options, where several can be ticked."""
    found: dict[str, list[str]] = {}
    for column in form:
        question, _, option = column.key.partition("_")
        if len(column.choices) == 1 and column.choices[0].id == option:
            found.setdefault(question, []).append(column.key)
    return found


def _row(one: dict[str, Any], labels: dict[tuple[str, str], str], options: dict[str, list[str]]) -> dict[str, Any]:
    cells: dict[str, Any] = {
        RECORD: one["id"],
        SUBMITTED: one["date_modified"],
        COMPLETE: one["response_status"] == "completed",
        TEST: one["collection_mode"] in _TESTS,
        _REFERENCE: one.get("custom_value"),
        **{key: one.get(field) for key, field in _PERSONAL.items()},
    }
    for page in one["pages"]:
        for question in page["questions"]:
            cells.update(dict.fromkeys(options.get(question["id"], ()), NOT_TICKED))
            cells.update(_cell(question["id"], answer, labels, options) for answer in question["answers"])
    return cells


def _cell(
    question: str, answer: dict[str, Any], labels: dict[tuple[str, str], str], options: dict[str, list[str]]
) -> tuple[str, str | None]:
    """Where an answer belongs, and its text or the label of its choice."""
    choice = answer.get("choice_id")
    place = [answer[part] for part in ("other_id", "row_id", "col_id") if part in answer]
    if question in options and choice is not None:
        place = [choice]
    return "_".join([question, *place]), answer.get("text", labels.get((question, str(choice))))


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
