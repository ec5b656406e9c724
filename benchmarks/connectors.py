"""How long each connector takes over many responses, beside parsing the same bytes and nothing else.

Each tool's local server (tests/servers) answers one whole fetch first, and its answers are kept. Another process then
gives the same bytes from memory, so that the tool's own work counts for nobody. Three things are timed in this process,
by the time of its processors, which other programs cannot add to: the connector; taking the same answers and doing
nothing with them; and parsing them from memory with polars, which is the yardstick. Beside it stands the time of
Python's JSON parser. The connector less the taking is its own time. Nothing looks for memory to free meanwhile, as in a
fetch. All responses are synthetic.
"""

import argparse
import base64
import io
import json
import multiprocessing
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests/servers, which are no part of the package

from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis.api import APIS
from cfc_pipeline.sources.fetched import settled
from cfc_pipeline.sources.web import Web, in_one_go
from tests.servers import SERVERS
from tests.servers.local import Answer, Request, running
from tests.servers.world import people

TARGET = 2  # times the parsing alone
MIB = 2**20
BASE = "http://127.0.0.1:"


@dataclass
class Result:
    tool: str
    requests: int
    mebibytes: float
    parsing: list[float] = field(default_factory=list)  # with polars
    python: list[float] = field(default_factory=list)  # with Python's JSON parser
    taking: list[float] = field(default_factory=list)
    connector: list[float] = field(default_factory=list)

    @property
    def own(self) -> float:
        """What the connector adds to taking the answers, parsing included."""
        return max(0.0, median(self.connector) - median(self.taking))

    @property
    def times(self) -> float:
        return self.own / median(self.parsing)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=sorted(SERVERS), default=sorted(SERVERS))
    options = parser.parse_args(words)
    results = [measured(name, options.responses, options.runs) for name in options.tools]
    print(table(results, options.responses))
    return 0


def measured(name: str, responses: int, runs: int) -> Result:
    answers, port = recorded(name, responses)
    result = Result(name, len(answers), sum(len(one.body) for one in answers) / MIB)
    with replaying(answers, port) as base, in_one_go():
        for _ in range(runs):
            result.parsing.append(timed(lambda: parse_all(answers, in_columns)))
            result.python.append(timed(lambda: parse_all(answers, json.loads)))
            result.taking.append(timed(lambda: take(name, base, len(answers))))
            result.connector.append(timed(lambda: fetch(name, base, responses)))
    return result


def recorded(name: str, responses: int) -> tuple[list[Answer], str]:
    """The answers of a whole fetch, in their order, and the port that they name in their links."""
    answers: list[Answer] = []
    with running(SERVERS[name], people(responses)) as tool:
        plain = tool.handle

        def handle(request: Request) -> Answer:
            answers.append(plain(request))
            return answers[-1]

        tool.handle = handle  # type: ignore[method-assign]
        fetch(name, tool.base, responses)
        return answers, tool.base.removeprefix(BASE)


@contextmanager
def replaying(answers: list[Answer], port: str) -> Iterator[str]:
    """A server in another process that gives these answers in turn, again and again. Yields its address."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=serve, args=(there, answers, port), daemon=True)
    process.start()
    try:
        yield f"{BASE}{here.recv()}"
    finally:
        process.terminate()
        process.join()


def serve(there: Connection, answers: list[Answer], port: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        given = 0

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            one = ready[Handler.given % len(ready)]
            Handler.given += 1
            self.send_response(one.status)
            for header, value in {**one.headers, "Content-Length": str(len(one.body))}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(one.body)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 (the names that the library calls)

        def log_message(self, *args: object) -> None:
            """Nothing: it would be timed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    old, new = f"{BASE}{port}".encode(), f"{BASE}{server.server_port}".encode()
    ready = [Answer(one.status, one.body.replace(old, new), one.headers) for one in answers]
    there.send(server.server_port)
    server.serve_forever()


def connected(name: str, base: str) -> Web:
    server = SERVERS[name]
    web = APIS[name].connect(Fetch(survey=server.SURVEY, server=server.SERVER.format(base=base)), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetch(name: str, base: str, responses: int) -> None:
    server, web = SERVERS[name], connected(name, base)
    wanted = {*server.KEYS.values(), server.COMMENT_KEY, server.PERSON[1]}
    form = APIS[name].questionnaire(web, server.SURVEY)
    rows = settled(APIS[name].responses(web, server.SURVEY, form, wanted, None)).rows
    if len(rows) != responses:
        raise SystemExit(f"{name} gave {len(rows)} of {responses} responses")


def take(name: str, base: str, requests: int) -> None:
    """The same session, the same answers, and nothing done with them."""
    web = connected(name, base)
    web._complain = lambda reply: None
    for _ in range(requests):
        web.get("")


def parse_all(answers: list[Answer], load: Callable[[bytes], object]) -> None:
    """One after the other and nothing kept, which is the least that it can take."""
    for one in answers:
        parse(one.body, load)


def in_columns(body: bytes) -> object:
    """ValueError when it is no JSON. Where polars takes none of two types, Python's parser does it."""
    if not body.startswith((b"{", b"[")):
        raise ValueError
    try:
        return pl.read_json(body)
    except pl.exceptions.PolarsError:
        return json.loads(body)


def parse(body: bytes, load: Callable[[bytes], object]) -> object:
    """What any program must do with such an answer: JSON, JSON in base64 in JSON, or a file in a ZIP."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return [parse(archive.read(name), load) for name in archive.namelist()]
    if body.startswith(b'{"id": 1, "result": "') and len(body) > 1000:
        return load(base64.b64decode(json.loads(body)["result"]))
    try:
        return load(body)
    except ValueError:
        return body if body.startswith(b"<") else pl.read_csv(body, infer_schema=False, truncate_ragged_lines=True)


def timed(work: Callable[[], object]) -> float:
    """Seconds of this process's processors."""
    start = time.process_time()
    work()
    return time.process_time() - start


def table(results: Sequence[Result], responses: int) -> str:
    lines = [
        f"{responses:,} responses; seconds of processor time, medians of {len(results[0].parsing)} runs",
        f"{'tool':14}{'requests':>10}{'MiB':>8}{'polars':>10}{'json':>8}{'taking':>10}{'connector':>11}{'own':>8}{'times':>8}",
    ]
    for one in results:
        parsed = f"{median(one.parsing):10.2f}{median(one.python):8.2f}"
        seconds = f"{parsed}{median(one.taking):10.2f}{median(one.connector):11.2f}{one.own:8.2f}"
        lines.append(f"{one.tool:14}{one.requests:10}{one.mebibytes:8.1f}{seconds}{one.times:8.1f}")
    lines += ["", f"own = connector less taking; times = own divided by polars; target: at most {TARGET}"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
