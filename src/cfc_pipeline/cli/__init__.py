"""The command line: one function for each command, each reads like a recipe. `cfc-pipeline COMMAND --help` explains."""

from cfc_pipeline.cli import everyday, protection, review, setting_up, themes  # each adds its commands to `app`
from cfc_pipeline.cli.start import app, main

__all__ = ["app", "everyday", "main", "protection", "review", "setting_up", "themes"]
