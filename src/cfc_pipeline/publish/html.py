"""A table as HTML, built with Great Tables: column groups, row groups and a `headers` attribute on every cell, so that
a screen reader can say which row and column a figure belongs to. Text is escaped here or, in headings of row groups, by
Great Tables; readback.py refuses a release in which anything else came out as markup. Great Tables' own style sheet,
10 kB for each table, is left out: templates/style.css serves tables, page and email alike."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import jinja2
import polars as pl
from markupsafe import Markup

from cfc_pipeline.disclosure.protected import MARK, NOT_APPLICABLE
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.written import figures, hidden_by_reason, reason_in_words, texts

TEMPLATES = Path(__file__).parent / "templates"
environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
# Jinja's own `groupby` sorts; the order of the tables is the one to keep.
environment.filters["groupby_in_order"] = lambda items, name: [
    (key, list(group)) for key, group in groupby(items, attrgetter(name))
]
# Nothing may be fetched or run; styles are inline. Tables come from other people's words, so this is the second lock.
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
WIDER = 18  # columns from which it has smaller figures and may be wider than the text around it
WIDE = 10  # columns of an HTML table from which it is printed on a landscape page


@dataclass(frozen=True)
class Shown:
    """A column of the HTML table: one column of the model, or the two ends of an interval."""

    key: str
    label: str
    group: str
    parts: tuple[Column, ...]


def fragment(
    table: PublishedTable, grid: Markup, *, leave_out: Collection[str] = (), see: Collection[str] = ()
) -> Markup:
    """`<figure>` with the `grid` of a table and its notes, without those that the page says elsewhere, some of them
    under the tables to `see`; needs templates/style.css on the page. `table` is as_written."""
    kept = [note for note in notes(table) if note not in leave_out]
    kept += [f"See also the notes under: {'; '.join(see)}."] if see else []
    count = len(shown_columns(table))
    return _render("table.html.j2", table=table, grid=grid, wide=count >= WIDE, wider=count >= WIDER, notes=kept)


def document(table: PublishedTable, figure: Markup, *, banner: str = "") -> str:
    """A whole page with one table, made from its `fragment`; it opens without a network and runs nothing."""
    return str(_render("table_page.html.j2", table=table, figure=figure, banner=banner, csp=CSP))


def shown_columns(table: PublishedTable) -> list[Shown]:
    """The HTML columns: ends of the same interval in the same group that stand together become one."""
    shown: list[Shown] = []
    for c in table.columns:
        if c.key == table.row_group:
            continue
        last = shown[-1].parts[-1] if shown else None
        if last and c.interval and (c.interval, c.group) == (last.interval, last.group) and len(shown[-1].parts) == 1:
            shown[-1] = Shown(shown[-1].key, c.interval, c.group, (last, c))
        else:
            shown.append(Shown(c.key, c.label, c.group, (c,)))
    return shown


def notes(table: PublishedTable) -> list[str]:
    """What stands under a table: its notes, what the marks mean where they occur, the rule and the source."""
    hiding = [reason_in_words(table, name) for name in hidden_by_reason(table)]
    legend = [f"{MARK} hidden: {'; or '.join(hiding)}."] if hiding else []
    if _has_absent(table) and not any(NOT_APPLICABLE in note for note in table.notes):
        legend.append(f"{NOT_APPLICABLE} there is no such figure for this row.")
    off = f"Nothing is hidden in this release, because: {table.off_because}" if table.off_because else ""
    return [note for note in (*table.notes, *legend, off or table.rule, table.source) if note]


def _has_absent(table: PublishedTable) -> bool:
    """Whether a column has more empty cells than hidden ones: a hidden cell is empty in `values`."""
    return any(table.values[c.key].null_count() > table.hidden[c.key].count() for c in figures(table))


def number_for_people(text: str, column: Column) -> str:
    """Digits with a real minus sign and thousands; a p value that rounds to zero as "<0.001"."""
    if column.kind == "p" and float(text) == 0:
        return f"<{10**-column.decimals:.{column.decimals}f}"
    whole, dot, decimals = text.removeprefix("-").partition(".")
    return ("−" if text.startswith("-") else "") + f"{int(whole):,}{dot}{decimals}"


def grid(table: PublishedTable, ids: str = "t") -> Markup:
    """The `<table>` element. Great Tables has no caption, so that is put in after its opening tag.

    `ids` begins the id of each heading, and is another one for each table of a page. Every figure names all headings
    above and before it, because screen readers find those over several columns in no other way, so it is short.
    """
    import great_tables as gt  # here: most commands write no table, and would wait for it

    shown = shown_columns(table)
    headings = _row_headings(shown)
    body = [s for s in shown if s not in headings]
    groups = {table.row_group: _text(table, table.row_group)} if table.row_group else {}
    cells = groups | {s.key: _cells(table, s) for s in shown}
    rows = pl.DataFrame(cells, schema_overrides=dict.fromkeys(cells, pl.String))
    built = gt.GT(
        rows.with_columns(pl.lit(None, pl.String).alias(s.key) for s in shown),
        rowname_col=[s.key for s in headings] or None,
        groupname_col=table.row_group or None,
        id=ids,
    )
    # Great Tables escapes and sets every cell that has a value by itself, which takes half of its time. Of an empty one
    # it shows what its body holds, and what we put there is escaped. Were that to change, no table would read back.
    built._body.body = rows
    if headings:
        built = built.tab_stubhead([gt.html(escape(s.label)) for s in headings])
    built = built.cols_label({s.key: gt.html(escape(s.label)) for s in body})
    built = built.cols_align("right", [s.key for s in body if s.parts[0].kind != "text"])
    for name, columns in _spanners(body):
        built = built.tab_spanner(gt.html(escape(name)), columns, id=f"group-{columns[0]}")
    element = re.search(r"<table.*</table>", built.as_raw_html(), re.DOTALL)
    assert element, "Great Tables rendered no table"
    opening, rest = element[0].split(">", 1)
    shows = escape(f"{table.shows} {table.people}".strip())
    caption = f'<span class="title">{escape(table.title)}</span> <span class="shows">{shows}</span>'
    return Markup(f"{opening}>\n<caption>{caption}</caption>{rest}")  # noqa: S704 # all text in it is escaped


def _row_headings(shown: list[Shown]) -> list[Shown]:
    """The text columns at the left say what a row is about."""
    headings = []
    for s in shown:
        if s.parts[0].kind != "text":
            break
        headings.append(s)
    return headings


def _spanners(body: list[Shown]) -> list[tuple[str, list[str]]]:
    spanners: list[tuple[str, list[str]]] = []
    for before, s in zip([None, *body], body, strict=False):
        if s.group and before and before.group == s.group:
            spanners[-1][1].append(s.key)
        elif s.group:
            spanners.append((s.group, [s.key]))
    return spanners


def _cells(table: PublishedTable, shown: Shown) -> list[str]:
    first = shown.parts[0]
    if first.kind == "text":
        return [escape(text) for text in _text(table, first.key)]
    ends = [_figure_cells(table, part) for part in shown.parts]
    if len(ends) == 1:
        return ends[0]
    pairs = zip(*ends, strict=True)
    return [low if low == high and low.startswith("<abbr") else f"{low} to {high}" for low, high in pairs]


def _figure_cells(table: PublishedTable, column: Column) -> list[str]:
    reasons = table.hidden[column.key].to_list()
    return [_figure(table, column, text, why) for text, why in zip(texts(table, column), reasons, strict=True)]


def _figure(table: PublishedTable, column: Column, text: str, reason: str | None) -> str:
    if text == MARK:
        return f'<abbr title="hidden: {escape(reason_in_words(table, reason or ""))}">{MARK}</abbr>'
    if text == NOT_APPLICABLE:
        return f'<abbr title="no such figure for this row">{NOT_APPLICABLE}</abbr>'
    return escape(number_for_people(text, column))


def _text(table: PublishedTable, key: str) -> list[str]:
    return texts(table, next(c for c in table.columns if c.key == key))


def _render(template: str, **values: object) -> Markup:
    return Markup(environment.get_template(template).render(values))  # noqa: S704 # autoescape is on
