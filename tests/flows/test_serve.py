"""`cfc-pipeline serve` on one machine: Prefect's page has the flows, Run works, and the schedule lives."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from cfc_pipeline.demo.build import build_demo


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of Prefect's API while a synthetic programme is served."""
    folder = build_demo(tmp_path_factory.mktemp("serve") / "demo").folder
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    line = [sys.executable, "-m", "cfc_pipeline.cli", "-p", str(folder), "serve", "--port", str(port)]
    process = subprocess.Popen(line, env=environ, stdout=subprocess.DEVNULL)
    yield folder, f"http://127.0.0.1:{port}/api"
    process.terminate()
    process.wait(timeout=60)
    with pytest.raises(OSError, match="refused"):  # stopping the command has stopped the server too
        ask(f"http://127.0.0.1:{port}/api/health")


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(condition, seconds=180):
    """What `condition` gives once it gives something; a server that is not up yet gives nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(1)
    raise TimeoutError


def test_a_manager_can_press_run(served):
    folder, api = served

    def deployments():
        found = {d["name"]: d for d in ask(f"{api}/deployments/filter", {})}
        return found if len(found) == 4 else None

    found = until(deployments)
    assert set(found) == {"ingest", "publish", "email-summary", "nightly"}
    (schedule,) = found["nightly"]["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["timezone"] == "Europe/London"
    planned = {"deployments": {"id": {"any_": [found["nightly"]["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
    runs = until(lambda: ask(f"{api}/flow_runs/filter", planned))
    assert runs[0]["state"]["type"] == "SCHEDULED", "Prefect's scheduler has planned the coming nights"
    assert found["publish"]["parameter_openapi_schema"]["properties"]["programme"]["description"]

    for name in ("ingest", "publish"):
        # A server that is still busy with starting may answer 503.
        run = until(lambda name=name: ask(f"{api}/deployments/{found[name]['id']}/create_flow_run", {}))
        state = until(lambda run=run: (s := ask(f"{api}/flow_runs/{run['id']}")["state"])["type"] in ENDED and s)
        assert state["type"] == "COMPLETED", state["message"]
    assert (folder / "releases" / "latest" / "index.html").exists()


ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
