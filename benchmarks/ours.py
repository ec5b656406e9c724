"""One programme folder, from the files in its inbox to a written release, without Prefect.

Prints the mean change of every measure over all people, as JSON, so that it can be compared with the bare script's.
"""

import json
import sys
from pathlib import Path


class _NotHere:
    """Hides pandas, which is no part of an installation and is here for the bare script only: pandera loads it if it
    can, for tables that this program does not have."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


sys.meta_path.insert(0, _NotHere())  # type: ignore[arg-type]

from cfc_pipeline.recipes.ingest import ingest  # noqa: E402
from cfc_pipeline.recipes.publish import publish  # noqa: E402
from cfc_pipeline.warehouse.store import reading  # noqa: E402

CHANGES = """
    SELECT instrument || '/' || subscale, mean_change FROM paired_change
    WHERE level = 'all' AND to_time_point = 'post' ORDER BY ALL
"""


def main(folder: Path) -> None:
    """No environment is passed on: the key is the one that `init` made in the folder."""
    ingest(folder, {})
    publish(folder)
    with reading(folder / "data" / "analysis.duckdb") as con:
        print(json.dumps(dict(con.execute(CHANGES).fetchall())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
