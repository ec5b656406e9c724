"""One programme folder, from the files in its inbox to a written release, without Prefect.

Prints the mean change of every measure over all people, as JSON, so that it can be compared with the bare script's.
"""

import json
import sys
from pathlib import Path

from cfc_pipeline.recipes.ingest import ingest
from cfc_pipeline.recipes.publish import publish
from cfc_pipeline.warehouse.store import reading

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
