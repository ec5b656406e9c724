"""Talking to a survey tool over HTTP: retries, limits, and suspicion, once for all tools.

What comes back is written by somebody else's server, or by somebody who pretends to be one. So: only the host that the
programme names is ever asked, also when a page or a redirect points elsewhere, because the token goes with every
request; answers are read in pieces up to a limit; a page that comes round again ends the walk with an error; and no
message holds more of an answer than its status.
"""

import gc
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import polars as pl
import requests
from requests.utils import get_environ_proxies

from cfc_pipeline import __version__
from cfc_pipeline.errors import ConfigError, SourceBusy, SourceError
from cfc_pipeline.programme import THIS_MACHINE

# What a tool can complain about; each has one message for people.
Complaint = Literal["token", "permission", "region", "survey", "quota", "busy", "refused"]

Shape = Mapping[str, pl.DataType | type[pl.DataType]]  # field of an answer: what it is read as

_TRIES = 5
_LONGEST_WAIT = 120.0  # seconds; a tool that asks for more is asked again by the next run
_TIMEOUT = (10.0, 120.0)  # seconds to connect, and between two pieces of an answer
_MOST_BYTES = 1 << 30  # of one answer
_MOST_PAGES = 10_000
_REDIRECTS = 3
_PIECE = 1 << 16


@dataclass(frozen=True)
class Reply:
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; None when it is none. Parsed once, for whoever looks for complaints and for who reads."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class _TryAgainError(Exception):
    """Worth another try, after so many seconds."""

    def __init__(self, complaint: Complaint, wait: float | None = None) -> None:
        super().__init__(complaint)
        self.complaint, self.wait = complaint, wait


class Web:
    """A session with one server of one tool. `complain` reads what a tool writes into its answers, also into those with
    status 200; it returns None for a good answer and for one that only its status explains.
    `secret` is for tools that want theirs in the body of what is posted."""

    def __init__(
        self,
        server: str,
        *,
        title: str,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        secret: str = "",
        per_minute: int | None = None,
        complain: Callable[[Reply], Complaint | None] | None = None,
    ) -> None:
        self.server, self.title = _checked(server.rstrip("/"), title), title
        self.secret = secret
        self.sleep: Callable[[float], None] = time.sleep
        self.most_bytes, self.most_pages = _MOST_BYTES, _MOST_PAGES
        self._complain = complain or (lambda reply: None)
        self._per_minute = per_minute
        self._asked: deque[float] = deque(maxlen=per_minute)
        self._session = requests.Session()
        # Otherwise a .netrc could replace the token, or send somebody else's.
        self._session.trust_env = False
        self._session.proxies = dict(get_environ_proxies(self.server))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        self._session.headers.update({"User-Agent": f"cfc-pipeline/{__version__}", **(headers or {})})
        self._session.auth = tuple(part.encode() for part in login) if login else None  # type: ignore[assignment]

    def get(self, place: str, **params: Any) -> Reply:
        """`place` is a path below the server's address, or a link that an answer gave."""
        return self._patiently("GET", place, params=params)

    def post(self, place: str, *, body: Any = None, form: Mapping[str, Any] | None = None) -> Reply:
        """Also tried again: the exports and questions that are posted change nothing in the tool."""
        return self._patiently("POST", place, json=body, data=form)

    def get_json(self, place: str, **params: Any) -> Any:
        return self.content(self.get(place, **params))

    def get_columns(self, place: str, shape: Shape, **params: Any) -> pl.DataFrame:
        return self.columns(self.get(place, **params), shape)

    def columns(self, reply: Reply, shape: Shape) -> pl.DataFrame:
        """JSON of a good answer as columns: a row for an object, or for each in a list. Only what `shape` names is
        read, numbers as text where it says so; what is not there is null. SourceError when its type is another."""
        try:
            return pl.read_json(reply.content, schema=shape)
        except pl.exceptions.PolarsError:
            raise self.strange("it is not JSON, or of another shape than is known") from None

    def content(self, reply: Reply) -> Any:
        """JSON of a good answer; SourceError when it is none, such as a login page."""
        content = reply.json()
        if content is None:
            raise self.strange("it is not JSON")
        return content

    def pages(self, place: str, following: Callable[[Any], str | None], **params: Any) -> Iterator[Any]:
        """JSON of page after page; `following` finds the link to the next. SourceError when they never end."""
        seen = {place}
        yield (page := self.get_json(place, **params))
        while (link := following(page)) is not None:
            if link in seen or len(seen) >= self.most_pages:
                raise self.strange("its pages lead in a circle or never end")
            seen.add(link)
            yield (page := self.get_json(link))

    def strange(self, what: str) -> SourceError:
        """An answer that cannot be trusted, so nothing of it is used."""
        return SourceError(
            f"{self.title} answered in a way that cannot be used: {what}.",
            where=urlsplit(self.server).netloc,
            next_step="nothing of it was stored; the next run tries again. If it stays, check `server:` and `survey:`",
        )

    def _patiently(self, method: str, place: str, **how: Any) -> Reply:
        url = self._address(place)
        for attempt in range(_TRIES):
            try:
                return self._once(method, url, **how)
            except _TryAgainError as again:
                if attempt == _TRIES - 1 or (again.wait or 0) > _LONGEST_WAIT:
                    raise self._error(again.complaint) from None
                self.sleep(again.wait if again.wait is not None else 2.0**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, url: str, **how: Any) -> Reply:
        self._keep_pace()
        try:
            reply = self._read(method, url, **how)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            raise _TryAgainError("busy") from None
        except requests.RequestException:
            raise self._error("refused") from None
        complaint = self._complain(reply) or _by_status(reply.status)
        if complaint in ("busy", "quota"):
            raise _TryAgainError(complaint, _wait_asked_for(reply.headers))
        if complaint:
            raise self._error(complaint)
        return reply

    def _read(self, method: str, url: str, **how: Any) -> Reply:
        for _ in range(_REDIRECTS + 1):
            with self._session.request(
                method, url, timeout=_TIMEOUT, stream=True, allow_redirects=False, **how
            ) as answer:
                if answer.is_redirect:
                    url = self._address(urljoin(url, answer.headers["Location"]))
                    how = {k: v for k, v in how.items() if k != "params"}
                    continue
                return Reply(answer.status_code, answer.headers, self._body(answer))
        raise self.strange("it redirects again and again")

    def _body(self, answer: requests.Response) -> bytes:
        body = bytearray()
        for piece in answer.iter_content(_PIECE):
            body += piece
            if len(body) > self.most_bytes:
                raise self.strange(f"it is larger than {self.most_bytes >> 20} MiB")
        told = answer.headers.get("Content-Length", "")
        if told.isdigit() and "Content-Encoding" not in answer.headers and len(body) < int(told):
            raise _TryAgainError("busy")  # half a body: the connection was cut
        return bytes(body)

    def _address(self, place: str) -> str:
        """The whole address. SourceError when it is another host, port or scheme than the programme's."""
        url = place if "://" in place else f"{self.server}/{place.lstrip('/')}"
        try:
            same = _origin(url) == _origin(self.server)
        except ValueError:
            same = False
        if not same:
            raise self.strange("it points to another server, which was not asked")
        return url

    def _keep_pace(self) -> None:
        """No more requests in a minute than the tool allows."""
        if self._per_minute and len(self._asked) == self._per_minute:
            left = 60 - (time.monotonic() - self._asked[0])
            if left > 0:
                self.sleep(left)
        self._asked.append(time.monotonic())

    def _error(self, complaint: Complaint) -> SourceError:
        what, next_step = _MESSAGES[complaint]
        kind = SourceBusy if complaint in ("busy", "quota") else SourceError
        return kind(f"{self.title} {what}.", where=urlsplit(self.server).netloc, next_step=next_step)


_MESSAGES: dict[Complaint, tuple[str, str]] = {
    "token": (
        "does not accept the token: it is wrong, has expired or was revoked",
        "make a new token in the tool and set the environment variable that `cfc-pipeline doctor` names",
    ),
    "permission": (
        "accepts the token, but it may not read this survey",
        "let the survey's owner share it with the token's account, with the right to export responses",
    ),
    "region": (
        "keeps this account in another region",
        "set `fetch: {server: ...}` to the address that the tool's account page shows",
    ),
    "survey": ("has no such survey", "check `fetch: {survey: ...}`: the id is part of the survey's web address"),
    "quota": (
        "allows no more requests for now",
        "nothing is lost; the next run goes on. Fetch less often if this happens each day",
    ),
    "busy": (
        "could not be reached, or broke off its answer, several times in a row",
        "nothing is lost; the next run tries again. If it stays, check `server:` and the network",
    ),
    "refused": ("refuses the request", "check `server:` and `survey:`; if they are right, please report this"),
}


@contextmanager
def known_shape(title: str) -> Iterator[None]:
    """Around a connector: an answer that lacks what it must have is the tool's fault, and its text may be personal."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError):
        raise SourceError(
            f"{title} answered in a shape that this version does not know, so nothing of it was used.",
            where="its answer",
            next_step="nothing was stored; the next run tries again. If it stays, please report it",
        ) from None


@contextmanager
def in_one_go() -> Iterator[None]:
    """Around a connector: what a tool sends becomes many small objects that never refer to themselves, and looking
    through them again and again for some that do took up to two thirds of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _by_status(status: int) -> Complaint | None:
    if status < 300:
        return None
    known: dict[int, Complaint] = {401: "token", 403: "permission", 404: "survey", 408: "busy", 429: "quota"}
    return known.get(status, "busy" if status >= 500 else "refused")


def _wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds that the tool asks to wait, written as seconds or as a date."""
    asked = headers.get("Retry-After", "").strip()
    if asked.replace(".", "", 1).isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    if parts.username is not None or parts.hostname is None:
        raise ValueError
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}[parts.scheme]


def _checked(server: str, title: str) -> str:
    """An address that a token may be sent to: https, or this machine."""
    try:
        scheme, host, _ = _origin(server)
    except (ValueError, KeyError):
        scheme, host = "", ""
    if scheme != "https" and not (scheme == "http" and host in THIS_MACHINE):
        raise ConfigError(
            f"The address of {title} must begin with https://.",
            where="`fetch: {server: ...}`",
            next_step="write it as `https://` and the host, without a name or password in it",
        )
    return server
