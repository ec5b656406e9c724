"""YAML as plain data, with the line of every setting, and without YAML's surprises.

Every value stays text, as it is written, until the type of its setting is known. So `No`, `007` or `12:30` are never
turned into false, 7 or 750 before a person's label or code has been compared with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

Place = tuple[str | int, ...]  # where a setting is: ("surveys", 0, "id")

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_MOST_NODES = 100_000  # anchors inside anchors can make a small file endless
_PLAIN_WORDS = {
    "found character '\\t' that cannot start any token": "a tab: indent with spaces",
    "mapping values are not allowed here": "a `:` in the wrong place: put text that contains `: ` in quotes, "
    "and line settings up with each other",
    "could not find expected ':'": "a setting without `:` after its name, or a text without its closing quote",
    "expected <block end>, but found '-'": "a list entry that is not in line with the others",
    "expected <block end>, but found '<block mapping start>'": "a setting that is not in line with the others",
    "found unexpected end of stream": "a text without its closing quote",
}


class Mistake(NamedTuple):
    """What is wrong with the setting at `place`."""

    place: Place
    text: str


@dataclass
class Document:
    """A file's settings, the line of each, and what was wrong with the writing itself."""

    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    nodes: int = 0

    def line(self, place: Place) -> int:
        """Line of a setting; of what it belongs to, when it is not in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(text: str) -> Document:
    """Parse one document. A file that is not YAML at all gives one mistake, and no data."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document.data = _plain(node, (), document) if node else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _PLAIN_WORDS.get(error.problem or "", f"something that is not YAML ({error.problem})")
        document.lines[()] = mark.line + 1 if mark else 1
        document.mistakes.append(Mistake((), problem))
    except yaml.YAMLError:
        document.mistakes.append(Mistake((), "a character that does not belong in a text file"))
    except RecursionError:
        document.mistakes.append(Mistake((), "settings inside settings without end: is an anchor used in itself?"))
    return document


def _plain(node: yaml.Node, place: Place, document: Document) -> Any:
    document.nodes += 1
    if document.nodes > _MOST_NODES:
        raise RecursionError
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, document)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry, (*place, i), document) for i, entry in enumerate(node.value)]
    return None if node.tag == _NULL else node.value


def _mapping(node: yaml.MappingNode, place: Place, document: Document) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value, own in _pairs(node):
        name, line = str(key.value), key.start_mark.line + 1
        if name not in settings:
            document.lines[(*place, name)] = line
            settings[name] = _plain(value, (*place, name), document)
        elif own:
            document.mistakes.append(Mistake((*place, name), f"written twice, the second time on line {line}"))
    return settings


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
    """A mapping's own settings, then those that `<<` brings in, which give way."""
    merged = [value for key, value in node.value if key.tag == _MERGE]
    yield from ((key, value, True) for key, value in node.value if key.tag != _MERGE)
    for value in merged:
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(source, yaml.MappingNode):
                yield from ((key, inner, False) for key, inner, _ in _pairs(source))
