"""programme.yaml as a person would lay it out: short mappings on one line, long ones with a line for each key."""

from typing import Any

import yaml

_LINE = 170


class _Dumper(yaml.SafeDumper):
    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        plain = all(isinstance(value, yaml.ScalarNode) for _, value in node.value)
        node.flow_style = plain and sum(len(k.value) + len(v.value) + 4 for k, v in node.value) <= _LINE
        return node


def as_yaml(settings: dict[str, Any]) -> str:
    """Block style, order kept, no anchors and no folded lines."""
    return yaml.dump(settings, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
