"""Scores and outcomes by themselves, without files and pseudonyms: beside the one query that says the same, and for a
large programme of small cohorts. Everybody here is made up by the database's random numbers."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence

import duckdb
import polars as pl

from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.measures.scoring import score
from cfc_pipeline.outcomes.effects import effect_sizes
from cfc_pipeline.outcomes.paired import paired_change
from cfc_pipeline.warehouse.migrations import migrate

CEAS = ("ceas_self", "ceas_to_others", "ceas_from_others")
SUBSCALES = {"engagement": (1, 2, 4, 5, 6, 8), "action": (9, 10, 12, 13), "total": (1, 2, 4, 5, 6, 8, 9, 10, 12, 13)}
TARGET_TIMES, TARGET_SECONDS = 1.5, 30.0


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=1_000_000)
    parser.add_argument("--cohorts", type=int, default=1_000, help="in each of ten years")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print figures instead of tables")
    options = parser.parse_args(words)
    large = answers(options.responses)
    agree(large)
    found = {
        "one query": _median(lambda: one_query(large), options.runs),
        "scores and sums": _median(lambda: ours(large), options.runs),
    }
    large.close()
    many = scored(options.cohorts)
    found |= {"sums": _median(lambda: paired_change(many), 1), "everything": _median(lambda: everything(many), 1)}
    print(json.dumps(found) if options.json else _table(found))
    return 0


def _median(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Seconds, and CPU seconds, of the median run."""
    taken = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return sorted(taken)[len(taken) // 2]


def _table(found: dict[str, tuple[float, float]]) -> str:
    lines = ["| | seconds | CPU seconds |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {wall:.1f} | {cpu:.1f} |" for name, (wall, cpu) in found.items()]
    times = found["scores and sums"][1] / found["one query"][1]
    lines += [
        "",
        f"Times the one query: {times:.2f} (target {TARGET_TIMES}); everything: {found['everything'][0]:.1f} s",
    ]
    return "\n".join([*lines, f"(target {TARGET_SECONDS:.0f} s)"])


def answers(responses: int) -> duckdb.DuckDBPyConnection:
    """A warehouse of people in 30 cohorts, each with a response before and after to three scales of 13 items."""
    con = _people(responses // 2, 30, 3)
    listed = ", ".join("1 + (random() * 10)::UTINYINT % 10" for _ in range(13))
    for instrument in CEAS:
        con.execute(
            f"INSERT INTO answer_sheet BY NAME SELECT response_id, '{instrument}' AS instrument, [{listed}] AS answers "
            "FROM response"
        )
    return con


def scored(cohorts: int) -> duckdb.DuckDBPyConnection:
    """Ten years of `cohorts` cohorts of twelve people, with scores of 20 measures before and after."""
    con = _people(cohorts * 120, cohorts * 10, 10)
    con.execute("DROP VIEW scale_score; DROP VIEW score_sheet")
    names, values = "['a', 'b', 'c', 'd']", ", ".join("round(10 + 20 * random()) / 6" for _ in range(4))
    con.execute(
        f"CREATE TABLE score_sheet AS SELECT response_id, 'scale_' || i AS instrument, {names} AS subscales, "
        f"[{values}]::DOUBLE[] AS scores FROM response, range(5) AS scale(i)"
    )
    return con


def _people(people: int, cohorts: int, years: int) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    migrate(con)
    con.execute(f"""
        SELECT setseed(0.5);
        INSERT INTO cohort BY NAME
        SELECT 'c' || i AS cohort_id, 'Cohort ' || i AS label, (2020 + i % {years}) || '/x' AS academic_year,
               DATE '2020-09-01' AS starts_on, DATE '2021-07-01' AS ends_on FROM range({cohorts}) AS one(i);
        INSERT INTO participant BY NAME
        SELECT 'p' || i AS participant_id, 'c' || i % {cohorts} AS cohort_id, 's' || i % 997 AS school_id,
               true AS on_roster, true AS consented, false AS withdrawn FROM range({people}) AS one(i);
        INSERT INTO response BY NAME
        SELECT 'r' || t || participant_id AS response_id, 's' AS survey_id, 'scale' AS kind, cohort_id, participant_id,
               t AS time_point, true AS complete, 'counted' AS status, 'h' AS content_hash
        FROM participant, (VALUES ('pre'), ('post')) AS time(t)
    """)
    return con


def ours(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    score(con, load_instruments())
    return paired_change(con)


def everything(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return effect_sizes(con, paired_change(con))


def one_query(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The same scores, pairs, n, means, SDs, correlation and t for cohorts, years and all, and no check of anything."""
    totals = {name: " + ".join(f"answers[{item}]" for item in items) for name, items in SUBSCALES.items()}
    scores = " UNION ALL ".join(
        f"SELECT response_id, instrument, '{name}' AS subscale, ({total})::DOUBLE AS score FROM answer_sheet"
        for name, total in totals.items()
    )
    return con.sql(f"""
        WITH score AS ({scores}),
        pair AS (
            SELECT cohort_id, academic_year, instrument, subscale,
                   any_value(score) FILTER (time_point = 'pre') AS pre,
                   any_value(score) FILTER (time_point = 'post') AS post
            FROM score JOIN response USING (response_id) JOIN participant USING (participant_id, cohort_id)
                 JOIN cohort USING (cohort_id)
            WHERE kind = 'scale' AND status = 'counted' AND consented AND NOT withdrawn
            GROUP BY participant_id, cohort_id, academic_year, instrument, subscale
        )
        SELECT cohort_id, academic_year, instrument, subscale, count(*) AS n,
               avg(pre) AS pre_mean, avg(post) AS post_mean, stddev_samp(pre) AS pre_sd, stddev_samp(post) AS post_sd,
               corr(pre, post) AS correlation,
               avg(post - pre) AS mean_change, stddev_samp(post - pre) AS change_sd,
               mean_change / change_sd * sqrt(n) AS t_value
        FROM pair WHERE pre IS NOT NULL AND post IS NOT NULL
        GROUP BY GROUPING SETS ((cohort_id, academic_year, instrument, subscale), (academic_year, instrument, subscale),
                                (instrument, subscale))
    """).pl()


def agree(con: duckdb.DuckDBPyConnection) -> None:
    """Raises AssertionError if the two do not give the same figures."""
    on = ["cohort_id", "academic_year", "instrument", "subscale"]
    mine = ours(con).filter(pl.col("level") != "pooled")
    both = mine.join(one_query(con), on=on, nulls_equal=True, suffix="_query")
    assert both.height == mine.height
    for figure in ("mean_change", "change_sd", "correlation", "t_value"):
        assert both.select((pl.col(figure) - pl.col(f"{figure}_query")).abs().max()).item() < 1e-6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
