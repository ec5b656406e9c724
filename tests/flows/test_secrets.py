"""Tokens may come from Prefect's Secret blocks; the environment comes first. The secrets are invented."""

import pytest

pytestmark = pytest.mark.usefixtures("prefect_home")


def test_a_token_comes_from_a_block_when_the_environment_has_none(monkeypatch):
    from prefect.blocks.system import Secret

    from flows.secrets import Secrets

    Secret(value="block-token-417").save("cfc-token-surveymonkey")
    monkeypatch.delenv("CFC_TOKEN_SURVEYMONKEY", raising=False)
    monkeypatch.delenv("CFC_TOKEN_REDCAP", raising=False)
    secrets = Secrets()
    assert secrets.get("CFC_TOKEN_SURVEYMONKEY") == "block-token-417"
    assert "CFC_TOKEN_SURVEYMONKEY" in secrets
    assert secrets.get("CFC_TOKEN_REDCAP", "") == ""
    assert "CFC_TOKEN_REDCAP" not in secrets
    monkeypatch.setenv("CFC_TOKEN_SURVEYMONKEY", "from-the-environment")
    assert secrets["CFC_TOKEN_SURVEYMONKEY"] == "from-the-environment"
    assert secrets.get("CFC_HOME_THAT_IS_NOT_SET") is None
    assert "block-token-417" not in repr(secrets)
