"""Every command starts here: its options are read, and what went wrong is told to a person."""

import os
import resource
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cfc_pipeline import __version__
from cfc_pipeline.errors import PipelineError, unexpected

app = App(
    name="cfc-pipeline",
    help="From survey exports to published outcome tables: validated, pseudonymised, explained.",
    version=__version__,
)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    programme: Annotated[
        Path, Parameter(name=["--programme", "-p"], env_var="CFC_PROGRAMME", help="The programme's folder.")
    ] = Path(),
) -> int:
    command, bound, ignored = app.parse_args(tokens)
    if "folder" in ignored:
        bound.arguments["folder"] = programme
    return command(*bound.args, **bound.kwargs) or 0


def main() -> None:
    """Run a command; show a person what is wrong without a traceback, and give each kind of error its exit code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file of a crash would hold everybody's answers
    try:
        sys.exit(app.meta(sys.argv[1:]))
    except PipelineError as error:
        _complain(error)
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic of polars' is not an Exception
        if os.environ.get("CFC_DEBUG") == "1":  # a developer's machine, with synthetic data
            raise
        _complain(unexpected(error))


def _complain(error: PipelineError) -> None:
    from rich.console import Console

    Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
    sys.exit(error.exit_code)
