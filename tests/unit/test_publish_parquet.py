"""publish/tidy.py: the Parquet of a table."""

import json
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from cfc_pipeline.publish.model import Break
from cfc_pipeline.publish.tidy import load_parquet, write_parquet
from cfc_pipeline.publish.written import as_written
from tests.published import REASONS, RULE, SOURCE, outcomes, table

BREAKS = (Break("2024/25", "2023/24", "2024/25", "form"),)


def test_figures_keep_their_type_beside_their_hidden_column(tmp_path: Path) -> None:
    path = tmp_path / "example.parquet"
    write_parquet(as_written(table()), path)
    frame = pl.read_parquet(path)
    assert frame.schema["n"] == pl.Int64
    assert frame.schema["change"] == pl.Float64
    assert frame["n"].to_list() == [1061, 61, None, 12]
    assert frame["n_hidden"].to_list() == [None, None, "SMALL_COUNT", None]
    assert frame["change_low"].to_list() == [1.9, -0.6, None, None]
    assert frame["change_low_hidden"].to_list() == [None, None, "FEW_PEOPLE", None]  # the last does not exist


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "example.parquet"
    write_parquet(as_written(table(off_because=None)), path)
    about = {key: json.loads(value) for key, value in pq.read_schema(path).metadata.items() if key != b"ARROW:schema"}
    assert about[b"title"] == "Example"
    assert about[b"rule"] == RULE
    assert about[b"source"] == SOURCE
    assert about[b"reasons"] == REASONS
    assert json.loads(pq.read_schema(path).field("change").metadata[b"column"])["label"] == "Mean change"


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    for original in (as_written(table()), as_written(outcomes()), as_written(table(rows=[], breaks=BREAKS))):
        path = tmp_path / f"{original.name}.parquet"
        write_parquet(original, path)
        again = load_parquet(path)
        assert again.values.equals(original.values)
        assert again.hidden.equals(original.hidden)
        assert vars(again) | {"values": 0, "hidden": 0} == vars(original) | {"values": 0, "hidden": 0}
