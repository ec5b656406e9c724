"""Google Forms' API v1: the form, and its responses by pages of 5,000, in practice one.

Answers are the texts of choices, which have no ids; several are several texts, so that a comma in an option hurts
nobody. Unanswered questions are absent, and nothing says whether they were seen. The only filter goes by the
submission, so an edit, which keeps the id, is found when everything is compared. Uploaded files are not asked for.

The tool says no total, and may leave out an empty list. So `{}` is nothing new where only new responses were asked for,
and refused where all were: believed by mistake, it would delete everybody. A form without any response answers with an
error until the first one comes, if it really is shown so.

Known from the documentation, seen on no server. Unconfirmed: what an empty form answers, how a typed "other" looks,
names of the parts of rating questions, quotas, and that pages hold still while people answer. A key of the service
account is exchanged once a session: its token lives an hour, longer than any fetch.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Container, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.answers import Answers, earlier, latest, table
from cfc_pipeline.sources.apis.paging import Row
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import COMPLETE, RECORD, SUBMITTED, TEST, Choice, RawColumn
from cfc_pipeline.sources.web import Complaint, Reply, Web

NEEDS = "the whole JSON key of a service account that the form is shared with, or an access token (it lives an hour)"
_TITLE = "Google Forms"
_SERVER = "https://forms.googleapis.com"
_PER_MINUTE = 100  # fewer than any quota we heard of
_PER_PAGE = 5000  # the most that the API gives
_READINGS = 4
_SCOPES = "https://www.googleapis.com/auth/forms.body.readonly https://www.googleapis.com/auth/forms.responses.readonly"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EMAIL = "Email Address"  # also known by this key in files


def connect(fetch: Fetch, secret: str) -> Web:
    token = _exchanged(secret) if secret.lstrip().startswith("{") else secret
    return Web(
        fetch.server or _SERVER,
        title=_TITLE,
        headers={"Authorization": f"Bearer {token}"},
        per_minute=_PER_MINUTE,
        complain=_complain,
    )


def questionnaire(web: Web, survey: str) -> tuple[RawColumn, ...]:
    items = web.get_json(f"v1/forms/{survey}")["items"]
    asked = [column for item in items for column in _columns(item)]
    return (*asked, RawColumn(_EMAIL, _EMAIL, system=True, personal=True))


def responses(web: Web, survey: str, form: tuple[RawColumn, ...], wanted: Container[str], since: str | None) -> Answers:
    choosing = {column.key for column in form if column.choices}
    rows = table([_row(one, choosing) for one in _whole(web, survey, earlier(since))], form, wanted)
    return Answers(rows, latest(rows[SUBMITTED].to_list(), since), everything=not since)


def count(web: Web, survey: str) -> int | None:
    """The tool does not say; asked all the same, because the form may be readable where responses are not."""
    web.get_json(f"v1/forms/{survey}/responses", pageSize=1)
    return None


def _whole(web: Web, survey: str, start: str | None) -> list[Row]:
    """The tool says no total, and a response deleted between two pages may push another one out of sight: several pages
    are read until two readings tell of the same responses."""
    before: set[str] | None = None
    for _ in range(_READINGS):
        pages = list(_walk(web, survey, start))
        rows = [one for page in pages for one in page]
        found = {one["responseId"] for one in rows}
        if len(pages) < 2 or found == before:
            return rows
        before = found
    raise web.strange("its responses change while they are read")


def _walk(web: Web, survey: str, start: str | None) -> Iterator[list[Row]]:
    asked: dict[str, str | int] = {"pageSize": _PER_PAGE} | ({"filter": f"timestamp >= {start}"} if start else {})
    page = web.get_json(f"v1/forms/{survey}/responses", **asked)
    if page == {} and start:
        return
    seen = set[str]()
    while True:
        if page == {}:
            raise web.strange("it holds no responses, and does not say that there are none")
        token = page.get("nextPageToken")
        yield page.get("responses", []) if token else page["responses"]
        if not token:
            return
        if token in seen or len(seen) >= web.most_pages:
            raise web.strange("its pages lead in a circle or never end")
        seen.add(token)
        page = web.get_json(f"v1/forms/{survey}/responses", pageToken=token, **asked)


def _columns(item: dict[str, Any]) -> Iterator[RawColumn]:
    """A column for the question, or for each row of a grid; none for headings, pictures and uploaded files."""
    text = tidy(item.get("title"))
    if group := item.get("questionGroupItem"):
        choices = _offered(group["grid"]["columns"]) if "grid" in group else ()
        for row in group["questions"]:
            yield RawColumn(row["questionId"], text, tidy(row["rowQuestion"]["title"]), choices=choices)
    elif asked := item.get("questionItem"):
        question = asked["question"]
        if "fileUploadQuestion" not in question:
            yield RawColumn(question["questionId"], text, choices=_choices(question))


def _choices(question: dict[str, Any]) -> tuple[Choice, ...]:
    if scale := question.get("scaleQuestion"):
        return _numbers(scale.get("low", 0), scale["high"])
    if rating := question.get("ratingQuestion"):
        return _numbers(1, rating["ratingScaleLevel"])
    return _offered(question.get("choiceQuestion", {}))


def _numbers(low: int, high: int) -> tuple[Choice, ...]:
    return tuple(Choice(n, n, n) for n in map(str, range(low, high + 1)))


def _offered(choosing: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The option "other" has no text of its own."""
    labels = [tidy(one["value"]) for one in choosing.get("options", ()) if not one.get("isOther")]
    return tuple(Choice(label, label) for label in labels)


def _row(one: Row, choosing: Container[str]) -> dict[str, Any]:
    answers = one.get("answers") or {}
    return {
        RECORD: one["responseId"],
        SUBMITTED: _second(one["createTime"]),  # an edit keeps it; the tool has no tests and no unfinished responses
        COMPLETE: True,
        TEST: False,
        _EMAIL: one.get("respondentEmail"),
        **{key: _text(answer, key in choosing) for key, answer in answers.items()},
    }


def _second(stamp: str) -> str:
    """Always UTC, with any number of decimals."""
    if not stamp.endswith("Z"):
        raise ValueError("not in UTC")
    return f"{stamp[:19]}Z"


def _text(answer: Mapping[str, Any], chosen: bool) -> str | None:
    if "textAnswers" not in answer:
        return None
    said = [one.get("value") or "" for one in answer["textAnswers"]["answers"]]
    return "; ".join(filter(None, map(tidy, said) if chosen else said))


def _exchanged(secret: str) -> str:
    """The access token that Google gives for a service account's key."""
    try:
        key = json.loads(secret)
        address, signed = key["token_uri"], _signed(key)
        parts = urlsplit(address)
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise ConfigError(
            f"The token of {_TITLE} begins like a service account's key, but is none.",
            where="the environment variable that holds it",
            next_step="set it to the whole content of the JSON file that Google gives for a service account",
        ) from None
    web = Web(f"{parts.scheme}://{parts.netloc}", title=_TITLE, complain=_complain)
    given = web.content(web.post(address, form={"grant_type": _GRANT, "assertion": signed}))
    token = given.get("access_token") if isinstance(given, dict) else None
    if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        raise web.strange("it gives no access token for the key")
    return token


def _signed(key: Mapping[str, str]) -> str:
    now = int(time.time())
    claims = {"iss": key["client_email"], "scope": _SCOPES, "aud": key["token_uri"], "iat": now, "exp": now + 3600}
    head = {"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]}
    private = load_pem_private_key(key["private_key"].encode(), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError
    said = f"{_base64(json.dumps(head).encode())}.{_base64(json.dumps(claims).encode())}"
    return f"{said}.{_base64(private.sign(said.encode(), PKCS1v15(), SHA256()))}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


_COMPLAINTS: dict[str, Complaint] = {
    "UNAUTHENTICATED": "token",
    "PERMISSION_DENIED": "permission",
    "NOT_FOUND": "survey",
    "RESOURCE_EXHAUSTED": "quota",
    **dict.fromkeys(("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED"), "busy"),
}


def _complain(reply: Reply) -> Complaint | None:
    """The API says {"error": {"status": ...}}; the exchange of a key says {"error": "invalid_grant"}."""
    body = reply.json()
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return _COMPLAINTS.get(str(error.get("status")), "refused" if reply.status < 300 else None)
    return "token" if isinstance(error, str) and reply.status in (400, 401) else None
