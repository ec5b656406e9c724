"""Stata files (.dta) of any survey tool, or of somebody's analysis.

A variable's name is its column's key. Only names that no question has are taken for a survey tool's own columns; a file
says nothing about who finished unless such a column does.
"""

from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RawTable
from cfc_pipeline.sources.statistics_file import read_variables


def recognises(grid: Grid) -> bool:
    return grid.kind == "stata"


def read(grid: Grid) -> RawTable:
    return read_variables(grid, "stata")
