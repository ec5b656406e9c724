"""How well the items of each score hang together, wave by wave: the rows of `reliability`.

All figures follow from the number of forms, each item's sum and the sums of products of two items. These are whole
numbers and exact, so the figures do not depend on the order of rows; and those of all years are the sums of the years'.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from cfc_pipeline.outcomes import reliability
from cfc_pipeline.outcomes.formulas import Floats
from cfc_pipeline.outcomes.levels import frame, in_order
from schemas.instruments import Instrument, Subscale
from schemas.tables import TIME_POINTS, polars_schema
from schemas.tables.results import Reliability

_FEWEST_ITEMS = 2

# `form` and `team` are paired.py's: forms that count of people who agreed; years, time points and schools are numbers,
# small ones, because there may be a million forms.
_FORMS = """
    SELECT year::UTINYINT AS year, time_point::UTINYINT AS time_point, school::INTEGER AS school, {items}
    FROM (FROM answer_sheet WHERE instrument = '{instrument}') JOIN form USING (response_id) JOIN team USING (team)
"""


@dataclass(frozen=True)
class _Wave:
    """Complete forms of one time point: of one academic year, or of all."""

    year: str | None
    time_point: str
    n: int
    n_schools: int
    sums: Floats
    products: Floats


def reliability_per_wave(con: duckdb.DuckDBPyConnection, instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """Rows of `reliability` from `answer_sheet`, for scores of two items and more wherever a form answers every item of
    one; after `paired_change`, whose temporary tables it reads.

    Items are turned around as the key says. Nothing is made up for blank ones, also where the key would: what is made
    up for agrees with the rest too well.
    """
    listed = con.execute("SELECT DISTINCT instrument FROM answer_sheet ORDER BY instrument").fetchall()
    keys = [instruments[name] for (name,) in listed if instruments[name].kind == "scale"]
    rows = [row for key in keys for row in _of_instrument(con, key)]
    return in_order(pl.DataFrame(rows, schema=polars_schema(Reliability), orient="row"), Reliability)


def _of_instrument(con: duckdb.DuckDBPyConnection, key: Instrument) -> Iterator[dict[str, object]]:
    scores = {name: subscale for name, subscale in key.subscales.items() if len(subscale.items) >= _FEWEST_ITEMS}
    if not scores:
        return
    items = ", ".join(f"answers[{item}] AS i{item}" for item in range(1, key.items + 1))
    forms = frame(con, _FORMS.format(items=items, instrument=key.id))
    years = dict(con.execute("SELECT DISTINCT year, academic_year FROM team").fetchall())
    for name, subscale in scores.items():
        waves = list(_waves(forms, years, key, subscale))
        if waves:
            about = {"instrument": key.id, "subscale": name, "n_items": len(subscale.items)}
            yield from (about | row for row in _figures(waves, subscale))


def _waves(forms: pl.DataFrame, years: Mapping[int, str], key: Instrument, subscale: Subscale) -> Iterator[_Wave]:
    columns = [f"i{item}" for item in subscale.items]
    turned = [(key.lowest + key.highest - pl.col(f"i{i}")).alias(f"i{i}") for i in subscale.items if i in key.reverse]
    complete = forms.select("year", "time_point", "school", *columns).drop_nulls(columns).with_columns(turned)
    for place in complete["time_point"].drop_nulls().unique().sort():
        then, time_point = complete.filter(time_point=place), TIME_POINTS[place - 1]
        single = [_wave(of_year, columns, years[year], time_point) for (year,), of_year in then.group_by("year")]
        yield from single
        sums, products = (np.sum([getattr(w, part) for w in single], axis=0) for part in ("sums", "products"))
        yield _Wave(None, time_point, then.height, then["school"].n_unique(), sums, products)


def _wave(forms: pl.DataFrame, columns: list[str], year: str, time_point: str) -> _Wave:
    items = forms.select(columns).to_numpy().astype(np.float64)
    return _Wave(year, time_point, forms.height, forms["school"].n_unique(), items.sum(axis=0), items.T @ items)


def _figures(waves: list[_Wave], subscale: Subscale) -> Iterator[dict[str, object]]:
    n = np.array([wave.n for wave in waves])
    scatter = reliability.scatter(n, *(np.array([getattr(w, part) for w in waves]) for part in ("sums", "products")))
    alpha, omega, rests = reliability.alphas(scatter), reliability.omegas(scatter), reliability.item_rests(scatter)
    low, high = reliability.feldt(alpha, n, len(subscale.items))
    for i, wave in enumerate(waves):
        known = not np.isnan(rests[i]).any()
        place = int(rests[i].argmin()) if known else 0
        yield {
            "level": "all" if wave.year is None else "year",
            "academic_year": wave.year,
            "time_point": wave.time_point,
            "n": wave.n,
            "n_schools": wave.n_schools,
            **_numbers(alpha=alpha[i], alpha_low=low[i], alpha_high=high[i], omega=omega[i]),
            **_numbers(item_rest_mean=rests[i].mean(), item_rest_lowest=rests[i][place]),
            "lowest_item": subscale.items[place] if known else None,
        }


def _numbers(**figures: float) -> dict[str, float | None]:
    """NaN is no figure."""
    return {name: float(value) if np.isfinite(value) else None for name, value in figures.items()}
