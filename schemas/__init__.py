"""Contracts: the only place where a column, a scale or a survey tool's layout is defined.

`tables/` holds every stored table, `instruments/` the scoring keys, `forms/` the layouts of the tools' exports,
`disclosure.yaml` the disclosure profiles.
"""

from pathlib import Path

INSTRUMENTS = Path(__file__).parent / "instruments"
FORMS = Path(__file__).parent / "forms"
DISCLOSURE = Path(__file__).parent / "disclosure.yaml"
