"""The wording of a form that is published as an XForm: what people saw of each question, and its choices.

Written from the ODK XForms specification, and tried on forms of that make only. Of several languages the default one
counts. Choices in a file beside the form (`src="jr://..."`), or made of other answers, are not in the form, so such a
question has none here and its cells stay names.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree import ElementTree

from cfc_pipeline.sources.apis.xlsform import choice
from cfc_pipeline.sources.columns import tidy
from cfc_pipeline.sources.raw import Choice

_CONTROLS = ("input", "select", "select1", "rank", "range", "trigger", "upload")
_TRANSLATED = re.compile(r"jr:itext\('?([^')]+)'?\)")
_LIST = re.compile(r"instance\('([^']+)'\)/root/item")


class Wording(NamedTuple):
    text: str
    choices: tuple[Choice, ...]


def wordings(xml: bytes) -> dict[str, Wording]:
    """By path below the form's root, such as "/group/question". ValueError when it is no form."""
    if b"<!" in re.sub(rb"<!--|<!\[CDATA\[", b"", xml):
        raise ValueError("a form has no document type and no entities")  # which could grow without end
    try:
        form = ElementTree.fromstring(xml)  # noqa: S314
    except ElementTree.ParseError:
        raise ValueError("it is not XML") from None
    texts = _translation(form)
    lists = {one.get("id"): one.findall("{*}root/{*}item") for one in form.iterfind(".//{*}model/{*}instance")}
    return {
        f"/{control.get('ref', '').strip('/').partition('/')[2]}": Wording(
            _said(control, texts), tuple(_choices(control, texts, lists))
        )
        for control in form.iterfind("{*}body//*")
        if _name(control) in _CONTROLS
    }


def _translation(form: ElementTree.Element) -> dict[str, str]:
    """Id of a text: the text, in the default language."""
    languages = form.findall(".//{*}itext/{*}translation")
    chosen = next((one for one in languages if one.get("default") is not None), languages[0] if languages else None)
    found = chosen.iterfind("{*}text") if chosen is not None else ()
    return {one.get("id", ""): _plain(one) for one in found}


def _plain(text: ElementTree.Element) -> str:
    """Of its values, the one that is neither short, nor a picture or sound."""
    value = next((one for one in text.iterfind("{*}value") if one.get("form") is None), None)
    return _all_text(value)


def _said(control: ElementTree.Element, texts: Mapping[str, str]) -> str:
    label = control.find("{*}label")
    if label is not None and (found := _TRANSLATED.search(label.get("ref", ""))):
        return texts.get(found[1], "")
    return _all_text(label)


def _choices(
    control: ElementTree.Element, texts: Mapping[str, str], lists: Mapping[str | None, list[ElementTree.Element]]
) -> Iterator[Choice]:
    for item in control.iterfind("{*}item"):
        yield choice(_all_text(item.find("{*}value")), _said(item, texts))
    for itemset in control.iterfind("{*}itemset"):
        value, label = (itemset.find(f"{{*}}{part}") for part in ("value", "label"))
        named = _LIST.search(itemset.get("nodeset", ""))
        if named and value is not None and label is not None:
            for item in lists.get(named[1], ()):
                cells = {_name(cell): _all_text(cell) for cell in item}
                yield choice(cells[value.get("ref", "")], _listed(cells, label.get("ref", ""), texts))


def _listed(cells: Mapping[str, str], label: str, texts: Mapping[str, str]) -> str:
    """The label of a choice in a list: in a cell of its own, or the cell names a text."""
    if found := _TRANSLATED.search(label):
        return texts.get(cells.get(found[1], ""), "")
    return cells.get(label, "")


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all_text(element: ElementTree.Element | None) -> str:
    return "" if element is None else tidy("".join(element.itertext()))
