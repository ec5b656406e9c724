"""Tokens, key and password for the flows: from the environment, else from Prefect's Secret blocks.

A block is named like the variable, in small letters with hyphens: `cfc-token-surveymonkey`. Prefect keeps blocks
encrypted in its database; whoever may run code on that server can read them, so the key itself is better kept out.
"""

import os
from collections.abc import Iterator, Mapping

from flows import safety  # noqa: F401  (sets Prefect up before it is imported)  # isort: skip
from prefect.blocks.system import Secret

_SECRET = ("CFC_SECRET_KEY", "CFC_SMTP_PASSWORD", "CFC_TOKEN_")


class Secrets(Mapping[str, str]):
    """The environment, and behind it the blocks; a block is only looked for when somebody asks for its name."""

    def __getitem__(self, name: str) -> str:
        if name in os.environ or not name.startswith(_SECRET):
            return os.environ[name]
        try:
            block = Secret.load(name.lower().replace("_", "-"))
        except ValueError:  # there is none
            raise KeyError(name) from None
        assert isinstance(block, Secret)  # a coroutine only where somebody awaits it, which no flow does
        return str(block.get())

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)
