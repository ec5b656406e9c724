"""Makes a programme folder that works at once."""

import json
from importlib.resources import files
from pathlib import Path

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.keys import FILE_NAME, create_key_file, private_folder
from cfc_pipeline.programme_file import FILE
from schemas import PROGRAMME_SCHEMA

TEMPLATES = files("cfc_pipeline") / "templates"
_NAME_IN_TEMPLATE = 'name: "Our programme"'
# Where people put personal files, and where the pipeline does: only the owner may look into these.
_PRIVATE = ("inbox", "data/restricted")
_FOLDERS = ("instruments", "releases")


def init(folder: Path, name: str | None = None, *, dry_run: bool = False) -> list[Path]:
    """Make what a programme needs in `folder` and give the new paths. What is there already is left as it is.

    A folder that has other things in it, and no programme.yaml, is refused. `name` defaults to the folder's own.
    """
    if folder.exists() and (not folder.is_dir() or _holds_other_things(folder)):
        raise ConfigError(
            "This is not an empty folder, and not a programme either.",
            where=str(folder),
            next_step="Give the name of a new folder: cfc-pipeline init DIR",
        )
    if dry_run:
        return _missing(folder, name)
    made = [path for part in _PRIVATE if not (path := folder / part).exists()]
    for path in made:
        private_folder(path)
    for part in _FOLDERS:
        if not (path := folder / part).exists():
            path.mkdir(parents=True)
            made.append(path)
    texts = _texts(name or folder.resolve().name)
    made += [folder / file for file, text in texts.items() if _write_new(folder / file, text)]
    return made + _key(folder / "data" / "restricted")


def _missing(folder: Path, name: str | None) -> list[Path]:
    """What `init` would make, in its order."""
    wanted = [folder / part for part in (*_PRIVATE, *_FOLDERS, *_texts(name or folder.name))]
    key = [folder / "data" / "restricted" / FILE_NAME] if _needs_key(folder / "data" / "restricted") else []
    return [path for path in wanted if not path.exists()] + key


def _holds_other_things(folder: Path) -> bool:
    """Hidden files, such as those of a version control system, may be there before a programme is."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    return not (folder / FILE).exists() and any(visible)


def _texts(name: str) -> dict[str, str]:
    def template(file: str) -> str:
        return (TEMPLATES / file).read_text(encoding="utf-8")

    quoted = json.dumps(" ".join(name.split()), ensure_ascii=False)  # a JSON text is a YAML text
    return {
        FILE: template(FILE).replace(_NAME_IN_TEMPLATE, f"name: {quoted}"),
        "programme.schema.json": PROGRAMME_SCHEMA.read_text(encoding="utf-8"),
        "corrections.csv": template("corrections.csv"),
        "themes.csv": template("themes.csv"),
        "README.txt": template("README.txt"),
        ".gitignore": template("gitignore"),
    }


def _write_new(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:
            # Corrections quote what people typed.
            if path.suffix == ".csv":
                path.chmod(0o600)
            file.write(text)
    except FileExistsError:
        return False
    return True


def _key(restricted: Path) -> list[Path]:
    """A key for a new programme. Where data is sealed already, another key would only hide that the right one is
    missing."""
    return [create_key_file(restricted)] if _needs_key(restricted) else []


def _needs_key(restricted: Path) -> bool:
    return not (restricted / FILE_NAME).exists() and not any(restricted.rglob("*.sealed"))
