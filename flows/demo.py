"""Run the real flows on the synthetic programme that `cfc-pipeline demo` has built."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def main(folder: Path) -> None:
    # Load
    folder = folder.resolve()
    os.environ.setdefault("PREFECT_HOME", str(folder / "data" / "prefect"))
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    with _step("Starting Prefect"):
        from flows.ingest import ingest
        from flows.publish import publish
    # Run
    with _step("Flow `ingest`: reading, checking, pseudonymising, scoring"):
        ingest(folder)
    with _step("Two synthetic coders sort the comments into themes, and a few comments are approved"):
        from cfc_pipeline.demo.coders import sort_and_approve
        from cfc_pipeline.recipes.ingest import ingest as take_in_again

        sort_and_approve(folder)
        take_in_again(folder, os.environ)
    with _step("Flow `publish`: hiding what could identify somebody, writing the release"):
        release = publish(folder)
    with _step("Previewing the email"):
        from cfc_pipeline.recipes.email import save

        save(folder, folder / "summary.eml")
    # Say what to look at
    print(f"""
Everything in this programme is synthetic. Open:
  {release.path / "index.html"}
      one page: who answered, what changed, what was hidden and why
  {folder / "data" / "analysis.duckdb"}
      the same numbers for analysts, with a comment on every table and column
  {folder / "summary.eml"}
      the email that recipients would get
  {folder / "programme.yaml"}
      how three years of surveys from five tools are described""")


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"{what} ...", flush=True)
    yield
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
