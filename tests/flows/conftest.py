"""One real Prefect server for all flow tests, with its files in a temporary folder."""

import os

import pytest


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory):
    """Starts the server that real flow runs talk to. Prefect reads its settings once, so they are set first."""
    home = tmp_path_factory.mktemp("prefect-home")
    os.environ["PREFECT_HOME"] = str(home)
    import flows.safety  # noqa: F401, I001
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield home
