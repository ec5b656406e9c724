"""p corrected for the number of tests in a declared family of measures, from what is shown alone.

Holm's corrected p depends on the other p of its family. Only shown ones are counted, so that a corrected p says nothing
about a hidden one, and a reader can work it out again from the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.outcomes.intervals import holm
from cfc_pipeline.outcomes.levels import GROUP

CORRECTED = ("p_holm", "tests")


def with_families(paired: Protected, families: Mapping[str, Sequence[str]]) -> Protected:
    """`paired_change` after disclosure control, with `family` of each measure, `p_holm`, and in how many `tests`.

    A family's tests are those of its measures in one row's group: one cohort, one year or the pooled changes, to one
    time point. A measure of no family has none of the three.
    """
    family = {measure: name for name, measures in families.items() for measure in measures}
    in_family = pl.coalesce(
        pl.format("{}/{}", "instrument", "subscale").replace_strict(family, default=None, return_dtype=pl.String),
        pl.col("instrument").replace_strict(family, default=None, return_dtype=pl.String),
    )
    values = paired.values.with_columns(family=in_family).with_row_index("row")
    values = values.join(_corrected(values), on="row", how="left", maintain_order="left").drop("row")
    why = pl.when(values["family"].is_not_null()).then("p_value")
    hidden = paired.hidden.with_columns(why.alias(name) for name in CORRECTED)
    return replace(paired, values=values, hidden=hidden)


def _corrected(values: pl.DataFrame) -> pl.DataFrame:
    by = [*GROUP, "from_time_point", "to_time_point", "family"]
    tested = values.filter(pl.col("family").is_not_null() & pl.col("p_value").is_not_null())
    groups = tested.group_by(by, maintain_order=True).agg("row", "p_value").select("row", "p_value").rows()
    found = [(row, p, len(rows)) for rows, ps in groups for row, p in zip(rows, holm(ps), strict=True)]
    return pl.DataFrame(found, schema={"row": pl.UInt32, "p_holm": pl.Float64, "tests": pl.Int64}, orient="row")
