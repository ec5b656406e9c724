"""What `cfc-pipeline verify --privacy` runs, each in a process of its own: the real flows, well and badly."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from cfc_pipeline.demo.coders import sort_and_approve
from cfc_pipeline.demo.planted import FILE_ADDRESS, UNKNOWN_CELL
from cfc_pipeline.recipes import email
from cfc_pipeline.recipes import ingest as recipe
from cfc_pipeline.recipes.themes import write_sheet
from flows.ingest import ingest
from flows.publish import publish


def flows(folder: Path) -> None:
    """Badly and then well in one process, as in a worker's: a process and its server take longer than what they run."""
    failures(folder)
    good(folder)


def failures(folder: Path) -> None:
    """Everything that goes wrong, each printed as a worker would print it."""
    settings = (folder / "programme.yaml").read_text(encoding="utf-8")
    (folder / "inbox" / f"000 {FILE_ADDRESS}.csv").write_text(f"{UNKNOWN_CELL},x\n1,2,3\n{UNKNOWN_CELL}\n")
    tries: dict[str, Callable[[], Any]] = {
        "a folder that is not there": lambda: ingest(folder / "nowhere"),
        "a survey that is not there": lambda: ingest(folder, survey="nowhere"),
        "a release before there are data": lambda: publish(folder),
        "broken settings": lambda: _with_settings(folder, "cohorts: [{id: ]", settings),
        "an error that quotes an answer": lambda: _with_a_quoting_error(folder),
    }
    for what, attempt in tries.items():
        print(f"-- {what}")
        try:
            attempt()
        except Exception:
            traceback.print_exc()


def killed(folder: Path) -> None:
    _dies_within(folder, signal.SIGKILL)


def aborted(folder: Path) -> None:
    """As a broken library would, on a machine that keeps core files."""
    _dies_within(folder, signal.SIGABRT)


def good(folder: Path) -> None:
    """Also beside a survey tool that answers nonsense."""
    _with_a_strange_tool(folder, (folder / "programme.yaml").read_text(encoding="utf-8"))
    write_sheet(folder, os.environ, "k1")
    sort_and_approve(folder)
    publish(folder)
    print(email.save(folder, folder / "summary.eml"))


def _with_settings(folder: Path, wrong: str, right: str) -> None:
    path = folder / "programme.yaml"
    path.write_text(wrong, encoding="utf-8")
    try:
        ingest(folder)
    finally:
        path.write_text(right, encoding="utf-8")


def _with_a_quoting_error(folder: Path) -> None:
    def quotes(*_: object, **__: object) -> None:
        raise ValueError(f"could not convert {UNKNOWN_CELL!r}")

    _instead_of_the_recipe(quotes, folder)


def _dies_within(folder: Path, how: signal.Signals) -> None:
    held = (folder / "inbox").glob("*.csv")
    everything = b"".join(path.read_bytes() for path in held)  # in memory, where a core file would find it

    def dies(*_: object, **__: object) -> None:
        assert everything
        os.kill(os.getpid(), how)

    _instead_of_the_recipe(dies, folder)


def _instead_of_the_recipe(function: Callable[..., Any], folder: Path) -> None:
    with patch.object(recipe, "ingest", function):
        ingest(folder)


def _with_a_strange_tool(folder: Path, settings: str) -> None:
    with_tool = yaml.safe_load(settings)
    server = HTTPServer(("127.0.0.1", 0), _Strange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entry = next(dict(survey) for survey in with_tool["surveys"] if survey["tool"] == "surveymonkey")
    entry |= {"id": "strange", "fetch": {"survey": "1", "server": f"http://127.0.0.1:{server.server_port}"}}
    with_tool["surveys"].append(entry)
    _with_settings(folder, yaml.safe_dump(with_tool), settings)
    server.shutdown()


class _Strange(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f'{{"error": "{UNKNOWN_CELL}", "asked with": "{self.headers}"}}'.encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Its own words are no part of the test."""


if __name__ == "__main__":
    {one.__name__: one for one in (killed, aborted, flows)}[sys.argv[1]](Path(sys.argv[2]))
