"""Codes that people made themselves, brought into the form that the same person would give twice. Personal throughout.

A code with elements becomes its elements with | between them, empty where one was left out. A code in one column is
taken apart by the lengths of its elements; one that does not have them is taken apart by letters and digits, which
mends a missing or added character, and kept as it is if that does not work either.
"""

import polars as pl

from cfc_pipeline.intake.cells import resolve_known
from cfc_pipeline.intake.people import normal_address
from cfc_pipeline.programme import Element, Person
from cfc_pipeline.sources.raw import RawTable

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NONE = ("none", "no", "nil", "zero", "nought")
# Letters that do not come apart into a letter and an accent.
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"}
_OF_KIND = {"letters": "[a-z]", "text": "[a-z0-9]", "day": "[0-9]", "month": "[0-9]", "number": "[0-9]"}


def own_code(person: Person, raw: RawTable) -> pl.Expr:
    """The code of each row; null where more than half of its elements are missing, which is too little to know anybody
    by. For addresses and codes without elements, the cell without spaces and case."""
    if not person.elements:
        return normal_address(pl.col(resolve_known(raw, person.columns[0])))
    if person.column:
        return _in_one_column(pl.col(resolve_known(raw, person.column)), person.elements)
    return _joined([_normal(pl.col(resolve_known(raw, str(e.column))), e) for e in person.elements])


def _joined(parts: list[pl.Expr]) -> pl.Expr:
    given = pl.sum_horizontal(part.is_not_null() for part in parts)
    code = pl.concat_str([part.fill_null("") for part in parts], separator="|")
    return pl.when(given * 2 > len(parts)).then(code)


def _in_one_column(cell: pl.Expr, elements: list[Element]) -> pl.Expr:
    code = _folded(cell).str.replace_all("[^a-z0-9]", "")
    lengths = [e.length or 2 for e in elements]
    exactly = [f"({_OF_KIND[e.kind]}{{{n}}})" for e, n in zip(elements, lengths, strict=True)]
    about = [f"({_OF_KIND[e.kind]}{{0,{n + 1}}})" for e, n in zip(elements, lengths, strict=True)]
    strict, lenient = f"^{''.join(exactly)}$", f"^{''.join(about)}$"
    parts = [
        _normal(pl.coalesce(code.str.extract(strict, i), code.str.extract(lenient, i)), e)
        for i, e in enumerate(elements, start=1)
    ]
    return pl.coalesce(_joined(parts), code.replace("", None))


def _folded(cell: pl.Expr) -> pl.Expr:
    plain = cell.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"\p{M}", "")
    return plain.str.replace_many(list(_LETTERS), list(_LETTERS.values()))


def _normal(cell: pl.Expr, element: Element) -> pl.Expr:
    """One element; null where it is blank or nothing of its kind."""
    text = _folded(cell)
    if element.kind in ("letters", "text"):
        kept = text.str.replace_all(r"[^\p{L}]" if element.kind == "letters" else r"[^\p{L}\p{N}]", "")
        return (kept.str.slice(0, element.length) if element.length else kept).replace("", None)
    number = text.str.extract(r"(\d+)").str.replace(r"^0+(\d)", "${1}")
    if element.kind == "month":
        name = text.str.extract(r"\p{L}{3}", 0)
        return pl.coalesce(number, name.replace_strict(_MONTHS, [str(m) for m in range(1, 13)], default=None))
    if element.kind == "number":
        none = text.str.extract(r"\p{L}+", 0).is_in(list(_NONE))
        return pl.coalesce(number, pl.when(none).then(pl.lit("0")))
    return number
