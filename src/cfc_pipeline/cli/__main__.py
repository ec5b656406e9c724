"""`python -m cfc_pipeline.cli`, where the command is not on the path."""

from cfc_pipeline.cli import main

main()
