"""Contracts: the only place where a column, a scale or a survey tool's layout is defined.

`tables/` holds every stored table, `instruments/` the scoring keys, `forms/` the layouts of the tools' exports,
`disclosure.yaml` the disclosure profiles, `figures.yaml` what each printed figure is, `programme.schema.json` what
programme.yaml may say, for editors (generated).
"""

from pathlib import Path

INSTRUMENTS = Path(__file__).parent / "instruments"
FORMS = Path(__file__).parent / "forms"
DISCLOSURE = Path(__file__).parent / "disclosure.yaml"
FIGURES = Path(__file__).parent / "figures.yaml"
PROGRAMME_SCHEMA = Path(__file__).parent / "programme.schema.json"
REDACTION = Path(__file__).parent / "redaction.yaml"
