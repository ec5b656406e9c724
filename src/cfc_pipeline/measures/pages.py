"""One instrument's page of the codebook, as Markdown, from its key alone."""

from collections.abc import Sequence

from schemas.instruments import Instrument, Published

KINDS = {"alpha": "Cronbach's alpha", "omega": "omega", "test_retest": "retest correlation", "icc": "retest ICC"}
Row = tuple[str, ...]


def page(key: Instrument) -> str:
    parts = [
        f"# {key.title}",
        one_line(key.measures or ""),
        _warning(key),
        table(("", ""), _facts(key)),
        _section("What its scores may be used for", bullets(key.uses)),
        *_figures(key),
        _section("Compared with other code", one_line(key.checked or "")),
        _section("Not verified", bullets(key.unverified)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _warning(key: Instrument) -> str:
    if key.risk is None:
        return ""
    needing = [s.title for s in key.subscales.values() if set(s.items) & set(key.risk.items)]
    item = ("items " if len(key.risk.items) > 1 else "item ") + _numbers(key.risk.items)
    return (
        f"> **Asks about self-harm: {item}** ({one_line(key.risk.source)}). Whoever asks this must be ready to answer: "
        "somebody reads every form on the day it comes in, and knows what to do. This pipeline works in batches and "
        "does not. It leaves these answers out: they are not stored in the database, not scored and not published, "
        f"unless the programme names `{key.id}` under `policy: risk_items`. Without them there is no score: "
        f"{', '.join(needing)}. "
        "The sealed copy of a file holds what the survey tool exported, these answers too."
    )


def _facts(key: Instrument) -> list[Row]:
    return [
        ("id", f"`{key.id}`"),
        ("version", key.version),
        ("items", f"{key.items}, answered {key.lowest} to {key.highest}"),
        *_scoring(key),
        *([("items are", "; ".join(f"{i} {name}" for i, name in key.short_names.items()))] if key.short_names else []),
        *([("answers", "; ".join(f"{n} {label}" for n, label in key.answers.items()))] if key.answers else []),
        ("direction", _directions(key)),
        ("source", one_line(key.citation) + (f" doi {key.doi}" if key.doi else "")),
        ("licence", one_line(key.licence)),
    ]


def _scoring(key: Instrument) -> list[Row]:
    if key.missing is None:
        each = {"distribution": "how many people chose each answer", "ratings": "a mean rating"}[key.kind]
        return [("reported as", f"{each}, for each item; there is no total")]
    times = f", times {key.factor}" if key.factor != 1 else ""
    how = {
        "sum": "sum of the items",
        "mean": f"mean of the items{times}",
        "table": "sum of the items, looked up in a table",
    }
    scores = [f"{s.title} (`{name}`): items {_numbers(s.items)}" for name, s in key.subscales.items()]
    tolerated = {s.max_missing for s in key.subscales.values()}
    rule = "complete answers only" if key.missing.rule == "complete_cases" else f"up to {max(tolerated)} blank"
    return [
        ("score", how[key.aggregate or "sum"]),
        ("scores", "; ".join(scores)),
        *([("turned around", f"items {_numbers(key.reverse)}")] if key.reverse else []),
        *([("never scored", f"items {_numbers(key.fillers)}")] if key.fillers else []),
        ("blank items", f"{rule}. {one_line(key.missing.basis)}"),
    ]


def _directions(key: Instrument) -> str:
    own = {s.title: s.direction or key.direction for s in key.subscales.values()}
    if len(set(own.values())) < 2:
        return next(iter(own.values()), key.direction).replace("_", " ")
    return "; ".join(f"{title}: {direction.replace('_', ' ')}" for title, direction in own.items())


def _figures(key: Instrument) -> list[str]:
    bands = [_row(key, b, f"{b.lowest:g} to {b.highest:g}", b.label) for b in key.bands]
    cuts = [_row(key, c, f"{c.value:g}", c.meaning) for c in key.cut_offs]
    changes = [_row(key, c, _span(c.points, c.up_to), c.rule) for c in key.reliable_change]
    reliable = [_row(key, r, f"{KINDS[r.kind]} {_span(r.value, r.up_to)}", r.population) for r in key.reliability]
    norms = [_row(key, n, _norm(n.mean, n.sd, n.n), n.population) for n in key.norms]
    return [
        _section("Bands", _table(("score", "points", "is called", "source"), bands)),
        _section("Cut-offs", _table(("score", "points", "meaning", "source"), cuts)),
        _section("Reliable change of one person", _table(("score", "points", "rule", "source"), changes)),
        _section("Reliability", _table(("score", "figure", "of whom", "source"), reliable)),
        _section("Norms", _table(("score", "mean", "of whom", "source"), norms)),
    ]


def _row(key: Instrument, one: Published, figure: str, words: str) -> Row:
    return key.subscales[one.subscale].title, figure, one_line(words), one_line(one.source)


def _norm(mean: float, sd: float | None, n: int | None) -> str:
    more = [*([f"SD {sd:g}"] if sd is not None else []), *([f"n = {n:,}"] if n is not None else [])]
    return f"{mean:g}" + (f" ({', '.join(more)})" if more else "")


def _span(low: float, high: float | None) -> str:
    return f"{low:g}" if high is None else f"{low:g} to {high:g}"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _table(heads: Row, rows: list[Row]) -> str:
    return table(heads, rows) if rows else ""


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {one_line(line)}" for line in lines)


def _numbers(items: list[int]) -> str:
    return ", ".join(map(str, items))


def one_line(text: str) -> str:
    return " ".join(text.split())


def table(heads: Row, rows: Sequence[Row]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
