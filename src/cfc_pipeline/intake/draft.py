"""The text of a draft survey entry: what a new file seems to be, every guess marked, every gap left open.

A line is either a setting with `# check: why`, or a comment with `# TODO: what is needed`, which a person completes and
uncovers by taking its first `# ` away. Texts of the file are always in double quotes with everything unusual escaped,
so that no heading can become a setting. Cells of the file are never written, except labels that several rows of a
scale share (guess.labels); headings only where an entry needs them or where the answers look like ratings.
"""

from collections.abc import Mapping

import polars as pl

from cfc_pipeline.intake import guess
from cfc_pipeline.intake.cells import tidy
from cfc_pipeline.intake.draft_questionnaire import cohort, order, questionnaire
from cfc_pipeline.intake.finding import Finding
from cfc_pipeline.intake.marked import Lines, check, heading, headings, quoted, todo, under
from cfc_pipeline.intake.people import YES
from cfc_pipeline.intake.recognise import missing_columns
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.forms import form


def suggested_id(found: Finding) -> str:
    """The tool, the kind and the year. Never a part of the file's name: people put names into those."""
    tool = [] if found.raw.tool == "table" else [found.raw.tool]
    when = guess.year(found.dates)
    return "-".join([*tool, found.kind or "survey", *([str(when)] if when else [])]).replace("_", "-")


def draft_text(found: Finding, survey_id: str, fetch: Fetch | None = None) -> str:
    """A YAML document with one survey entry that is not confirmed. `fetch`: where the answers are, if not in a file."""
    settings = [
        check(f"id: {survey_id}", "any short name that people will recognise"),
        "confirmed: false # a draft is not taken in",
        check(f"tool: {found.raw.tool}", f"recognised by its layout: {found.raw.layout}"),
        *_fetch_lines(fetch),
        _kind(found),
        *_files(found, fetch),
        *(_table(found) if found.is_table else questionnaire(found)),
        *_left_out(found),
    ]
    first, *rest = settings
    return "\n".join([*_preface(found), "surveys:", f"  - {first}", *(f"    {line}" for line in rest)]) + "\n"


def _preface(found: Finding) -> Lines:
    lines = [
        f"A draft of a survey entry, written by cfc-pipeline add-survey from a file with {len(found.rows)} rows.",
        "1. Compare every line marked `check` with the survey.",
        "2. Complete the lines marked `TODO`: take the first `# ` of a line away and write the value before `# TODO`.",
        "   Leave alone what does not apply.",
        "3. Set `confirmed: true` and copy the entry into `surveys:` of programme.yaml, in line with the others.",
        *(f"Note: {quoted(warning)[1:-1]}" for warning in found.raw.warnings),
        *([] if len(found.rows) else ["Note: the file has no answers, so they could not be looked at."]),
    ]
    return [f"# {line}" for line in lines]


def _fetch_lines(fetch: Fetch | None) -> Lines:
    settings = fetch.model_dump(exclude_defaults=True) if fetch else {}
    return under("fetch:", [f"{name}: {quoted(value)}" for name, value in settings.items()])


def _kind(found: Finding) -> str:
    held = ", ".join(found.blocks.whole)
    if found.kind:
        return check(f"kind: {found.kind}", "its headings look like one" if found.is_table else f"it asks {held}")
    several = f"; it asks {held}, and one entry is of one kind only" if held else ""
    return todo("kind:", f"scale, perceived_impact, session_feedback, session_log or roster{several}")


def _files(found: Finding, fetch: Fetch | None) -> Lines:
    """Entries that the same file fits already need something to tell them apart."""
    same = [s.id for s in found.programme.surveys if s.tool == found.raw.tool and not missing_columns(found.raw, s)]
    what = f"a pattern of file names such as '*spring*', because these fit the file already: {', '.join(same)}"
    return [todo("files:", what)] if same and not fetch else []


# Rosters and session logs


def _table(found: Finding) -> Lines:
    names = guess.names()
    known = names.roster if found.kind == "roster" else names.session_log
    return [
        *([] if found.kind == "roster" else [cohort(found)]),
        *under("submitted:", [order(found)]),
        *under("fields:", [line for field in known if (line := _field(found, field))]),
        *under("values:", _values(found)),
    ]


def _field(found: Finding, field: str) -> str:
    columns = found.fields.get(field, [])
    if len(columns) == 1:
        return check(f"{field}: {quoted(columns[0].key)}", "by its heading")
    if columns:
        return todo(f"{field}:", f"one of {headings(columns)}")
    needed = {"roster": ("school", "cohort", "consent"), "session_log": ("session", "held_on", "attendance")}
    unreachable = field == "email" and "code" not in found.fields
    wanted = unreachable or field in needed[str(found.kind)]
    return todo(f"{field}:", "no heading says so; name the column") if wanted else ""


def _values(found: Finding) -> Lines:
    """What a roster's cells mean. Only words that the programme knows are written; of the others their number."""
    if found.kind != "roster":
        return []
    known = {"cohort": _cohort_words(found), "consent": {word: [meaning] for word, meaning in YES.items()}}
    return [
        line
        for field, words in known.items()
        for column in found.fields.get(field, [])[:1]
        for line in under(f"{field}:", _meanings(found.cells(column), words, field))
    ]


def _cohort_words(found: Finding) -> dict[str, list[str]]:
    """Label or id: the cohorts that it may be. A label such as `North` comes back every year."""
    words: dict[str, list[str]] = {}
    for known in found.programme.cohorts:
        for word in dict.fromkeys((tidy(known.label), known.id)):
            words.setdefault(word, []).append(known.id)
    return words


def _meanings(cells: pl.Series, known: Mapping[str, list[str]], field: str) -> Lines:
    """Nothing when the cells are understood as they are."""
    distinct = set(cells.drop_nulls())
    seen = {tidy(cell) for cell in distinct}
    understood = sorted(seen & known.keys())
    if len(understood) == len(seen) and (field == "consent" or all(known.get(cell) == [cell] for cell in distinct)):
        return []
    lines = [_meaning(word, known[word]) for word in understood]
    what = {"cohort": "are no cohort's id or label", "consent": "are neither yes nor no"}[field]
    strange = len(seen) - len(understood)
    return [*lines, *([todo('"cell":', f"{strange} different cells {what}; a line for each")] if strange else [])]


def _meaning(word: str, meanings: list[str]) -> str:
    if len(meanings) > 1:
        return todo(f"{quoted(word)}:", f"one of {', '.join(meanings)}")
    return check(f"{quoted(word)}: {quoted(meanings[0])}", "the programme knows it")


def _left_out(found: Finding) -> Lines:
    """Headings of the tool's own columns by the form's names for them; others are only counted."""
    listed = {name.casefold(): c.name for c in form(found.raw.tool).columns for name in (c.name, *c.also)}
    named = list(dict.fromkeys(listed[c.key.casefold()] for c in found.system if c.key.casefold() in listed))
    lines = [
        f"looks like a rating; belongs to no known instrument: {heading(column)}, "
        f"{found.shapes[column.key].distinct} different answers"
        for column in found.ratings
    ]
    if found.system:
        lines.append(f"left out: {len(found.system)} system columns: {', '.join(named)}".removesuffix(": "))
    if found.unknown:
        lines.append(f"left out: {found.unknown} other columns; their headings may be personal and are not shown")
    return [f"# {line}" for line in lines]
