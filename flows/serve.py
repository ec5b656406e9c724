"""One machine, one process: Prefect's page with a Run button for each flow, and the nightly schedule.

Started by `cfc-pipeline serve`. The server listens on this machine only and keeps its own files in the programme's
data/prefect/; a server that PREFECT_API_URL names already is used as it is.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def main(folder: Path, port: int) -> None:
    # Load
    folder = folder.resolve()
    os.environ.setdefault("PREFECT_HOME", str(folder / "data" / "prefect"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as Ctrl-C: the server must not outlive this process
    server = None if "PREFECT_API_URL" in os.environ else _start_server(port)
    # Serve, until somebody stops it; a stopped process must not leave the schedule paused.
    try:
        from flows.safety import check_settings  # isort: skip  (Prefect is imported only now, with its settings in place)
        from prefect import serve

        check_settings()
        page = os.environ["PREFECT_API_URL"].rstrip("/").removesuffix("/api")
        print(f"Open {page}/deployments and press Run. Stop with Ctrl-C.", flush=True)
        serve(*_deployments(folder), pause_on_shutdown=False)
    finally:
        if server:
            server.terminate()
            server.wait(timeout=30)


def _start_server(port: int) -> subprocess.Popen[bytes]:
    # Before Prefect is imported, which reads its settings once: else it would start a second server beside this one.
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    import flows.safety  # noqa: F401  (the server inherits its settings)

    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=1)
            return server
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                sys.exit(f"Prefect's server stopped at once; is port {port} taken? Try --port with another number.")
            time.sleep(0.5)
    server.terminate()
    sys.exit("Prefect's server did not become ready within two minutes.")


def _deployments(folder: Path) -> list[Any]:  # to_deployment says that it may be awaited; here it is not
    from prefect.schedules import Cron

    from cfc_pipeline.programme_file import load_programme
    from flows.email_summary import email_summary
    from flows.ingest import ingest
    from flows.nightly import nightly
    from flows.publish import publish

    programme = load_programme(folder)
    here = {"programme": str(folder)}
    every_night = Cron(programme.schedule.nightly, timezone=programme.timezone, slug="every-night")
    return [
        ingest.to_deployment(name="ingest", parameters=here, concurrency_limit=1),
        publish.to_deployment(name="publish", parameters=here, concurrency_limit=1),
        email_summary.to_deployment(name="email-summary", parameters=here, concurrency_limit=1),
        nightly.to_deployment(name="nightly", parameters=here, concurrency_limit=1, schedules=[every_night]),
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
