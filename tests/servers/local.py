"""A real HTTP server on localhost that shows a World in the way of one survey tool, and misbehaves on demand."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.world import World

SECRET_TOKEN = "planted-token-5f2c9d"  # may appear in no message, log or file


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None  # send only so many bytes of the body, after announcing all of them
    hang_up: bool = False  # close the connection without a word


def as_json(content: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


# A fault sees the request and the right answer and gives another one; each is used up by one request for responses.
Fault = Callable[[Request, Answer], Answer]

FAULTS: dict[str, Fault] = {
    "429": lambda request, right: Answer(429),
    "429 with seconds": lambda request, right: Answer(429, headers={"Retry-After": "3"}),
    "429 with a date": lambda request, right: Answer(429, headers={"Retry-After": "Mon, 05 Jan 2026 10:00:00 GMT"}),
    "500": lambda request, right: Answer(500, b"<html>Traceback</html>"),
    "503": lambda request, right: Answer(503),
    "hangs up": lambda request, right: Answer(hang_up=True),
    "half a body": lambda request, right: Answer(right.status, right.body, right.headers, cut=len(right.body) // 2),
}


@dataclass
class Tool:
    """A running server. `module` has `answer(request, world, base) -> Answer` and `is_data(request) -> bool`."""

    module: ModuleType
    world: World
    base: str = ""
    faults: deque[Fault] = field(default_factory=deque)
    after_data: Callable[[], None] | None = None  # called after each answer with responses: people go on answering
    requests: list[Request] = field(default_factory=list)

    @property
    def data_requests(self) -> list[Request]:
        return [request for request in self.requests if self.module.is_data(request)]

    def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        answer: Answer = self.module.answer(request, self.world, self.base)
        if not self.module.is_data(request):
            return answer
        if self.faults:
            return self.faults.popleft()(request, answer)
        if self.after_data:
            self.after_data()
        return answer


def _handler(tool: Tool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # otherwise every body waits 40 ms behind its headers

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = tool.handle(Request(self.command, parts.path, query, headers, body))
            self.close_connection = answer.hang_up or answer.cut is not None
            if answer.hang_up:
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 (the names that the library calls)

        def log_message(self, *args: object) -> None:
            """Nothing: tests look at `requests`."""

    return Handler


@contextmanager
def running(module: ModuleType, world: World) -> Iterator[Tool]:
    tool = Tool(module, world)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tool))
    server.daemon_threads = True
    tool.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
