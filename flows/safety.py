"""What every flow needs before Prefect starts, so that nothing personal can end up in Prefect's database.

Prefect stores parameters, states with their messages, logs and events as plain text. So: parameters are paths and ids;
results are not persisted; telemetry is off; and an error that is not one of ours, whose text could quote a cell, is
replaced by one that only says which kind of error it was and in which lines of code.
"""

import functools
import os
import resource
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cfc_pipeline.errors import PipelineError, PrivacyRefusal, unexpected

# Set before Prefect is imported anywhere: it reads its settings once.
for _setting, _value in {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_setting, _value)

# A core file of a crash would hold everybody's answers, wherever the system puts it.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

import polars as pl  # noqa: E402
from prefect.settings import get_current_settings  # noqa: E402

P = ParamSpec("P")
R = TypeVar("R")


def check_settings() -> None:
    """Refuse to run where Prefect would keep results or send telemetry, whoever switched that on."""
    settings = get_current_settings()
    wrong = {
        "results.persist_by_default": settings.results.persist_by_default,
        "tasks.default_persist_result": bool(settings.tasks.default_persist_result),
        "server.analytics_enabled": settings.server.analytics_enabled,
        # What the client sends is not among the settings.
        "DO_NOT_TRACK": os.environ.get("DO_NOT_TRACK", "").lower() not in ("1", "true", "yes"),
    }
    switched_on = [name for name, on in wrong.items() if on]
    if switched_on:
        raise PrivacyRefusal(
            "Prefect is set to keep results or to send telemetry.",
            where=", ".join(switched_on),
            next_step="switch these off (profile, prefect.toml or PREFECT_ variables; DO_NOT_TRACK must be 1)",
        )


def value_free(function: Callable[P, R]) -> Callable[P, R]:
    """Let only errors through whose messages are ours; others keep their place in the code and lose their text."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except PipelineError as error:
            message = error.with_traceback(None)
        except (Exception, pl.exceptions.PanicException) as error:  # a panic is not an Exception, and quotes too
            message = unexpected(error)
        raise message from None

    return guarded
