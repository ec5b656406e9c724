"""Read by every process that a test starts. An installation has neither pandas nor Hypothesis; pandera loads both where
they are, which takes longer than many a command."""

import sys


class _NotHere:
    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ("pandas", "hypothesis"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


sys.meta_path.insert(0, _NotHere())  # type: ignore[arg-type]
