"""What a scoring key is made of. The keys are the YAML files beside this one, one per instrument, without any item
wording: wording belongs to the instruments' authors. `cfc_pipeline.measures.instruments` reads them.

Every published figure in a key names the place where it was read. What is only said to be so, and was read nowhere,
stands in words under `unverified`, and never as a figure that a program could use.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Whole = Annotated[int, Field(strict=True)]
ItemNumber = Annotated[int, Field(strict=True, ge=1)]
Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=60)]
Direction = Literal["higher_is_better", "lower_is_better"]


class Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Subscale(Key):
    """One score of an instrument."""

    title: Text
    items: Annotated[list[ItemNumber], Field(min_length=1)]
    max_missing: Annotated[int, Field(strict=True, ge=0)] = Field(0, description="Blank items that are tolerated.")
    direction: Direction | None = Field(None, description="Where it is another than the instrument's.")


class Missing(Key):
    """What happens when scored items were left blank."""

    rule: Literal["complete_cases", "person_mean"] = Field(
        description="complete_cases: no score. person_mean: the mean of the answered items stands in for each blank "
        "one, up to the subscale's max_missing."
    )
    basis: Text = Field(description="Where the rule comes from, or that none is published and whose choice it is.")


class Published(Key):
    """A figure about one subscale, and where it was read."""

    subscale: Id
    source: Text


class Band(Published):
    """Scores that the source calls by one name."""

    label: Text
    lowest: float
    highest: float


class CutOff(Published):
    """A score from which on something is said of a person."""

    value: float
    meaning: Text


class ReliableChange(Published):
    """How far one person's score must move to be more than error of measurement."""

    points: float
    up_to: float | None = Field(None, description="Upper end, where the source gives a range.")
    rule: Text = Field(description="How it was worked out, with its z and its reliability, as far as that is known.")
    cut_off: float | None = Field(None, description="The one of this score's cut_offs that goes with it.")


class Reliability(Published):
    kind: Literal["alpha", "omega", "test_retest", "icc"]
    value: Annotated[float, Field(gt=0, le=1)]
    up_to: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="Upper end of a range.")
    population: Text


class Norm(Published):
    mean: float
    sd: float | None = None
    n: int | None = None
    population: Text


class Risk(Key):
    """Items about harming oneself. Their answers are left out unless a programme names the instrument."""

    items: Annotated[list[ItemNumber], Field(min_length=1)]
    source: Text = Field(description="Where it was read that these items ask about it.")


class Golden(Key):
    """One worked example: a filled-in form and the scores it must give."""

    case: Text
    all: Whole = Field(description="The answer to every item, except as below.")
    other: dict[ItemNumber, Whole] = Field({}, description="Items answered differently.")
    blank: list[ItemNumber] = Field([], description="Items left blank.")
    scores: dict[Id, float | None] = Field(description="Subscale: score; empty when too few items were answered.")


class Instrument(Key):
    """One questionnaire and how its answers become scores."""

    id: Id
    title: Text
    measures: Text | None = Field(None, description="What it is meant to measure, in a sentence.")
    version: Text
    kind: Literal["scale", "distribution", "ratings"] = Field(
        description="scale: items make scores. distribution: each item is reported as who chose which answer. "
        "ratings: each item is reported as a mean rating."
    )
    items: Annotated[int, Field(strict=True, ge=1, le=500)] = Field(description="How many items, fillers included.")
    range: tuple[Whole, Whole] = Field(description="Lowest and highest allowed answer.")
    short_names: dict[ItemNumber, Text] = Field({}, description="Item: short name. Only for a programme's own forms.")
    answers: dict[Whole, Text] = Field({}, description="Answer: its label. Only for a programme's own forms.")
    increased: list[Whole] = Field(
        [], description="Answers that count as increased, for the share of people who gave one. Only for distributions."
    )
    fillers: list[ItemNumber] = Field([], description="Items that are asked and never scored.")
    reverse: list[ItemNumber] = Field([], description="Items that are turned around before scoring.")
    aggregate: Literal["sum", "mean", "table"] | None = Field(None, description="table: the sum, looked up in `table`.")
    factor: Annotated[int, Field(strict=True, ge=1)] = Field(1, description="The mean of the items, times this.")
    table: dict[Whole, float] = Field({}, description="Sum of the items: score.")
    subscales: dict[Id, Subscale] = {}
    missing: Missing | None = None
    direction: Direction
    bands: list[Band] = []
    cut_offs: list[CutOff] = []
    reliable_change: list[ReliableChange] = []
    reliability: list[Reliability] = []
    norms: list[Norm] = []
    citation: Text
    doi: str | None = None
    licence: Text
    risk: Risk | None = None
    uses: list[Text] = Field([], description="What its scores may be used for, and what not.")
    advised_people: Annotated[int, Field(strict=True, ge=2)] | None = Field(
        None, description="How many people with answers at both times its owners advise at least; tables say so."
    )
    checked: Text | None = Field(None, description="Other people's code that was compared with this key.")
    unverified: list[Text] = Field([], description="What is said of it and was not read in its source.")
    golden: list[Golden] = []

    @property
    def lowest(self) -> int:
        return self.range[0]

    @property
    def highest(self) -> int:
        return self.range[1]

    @property
    def published(self) -> list[Published]:
        return [*self.bands, *self.cut_offs, *self.reliable_change, *self.reliability, *self.norms]

    @property
    def labels(self) -> dict[str, int]:
        """Answer label: number, for forms that bring their own labels."""
        return {label: value for value, label in self.answers.items()}

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        mistakes = [*_item_mistakes(self), *_answer_mistakes(self), *_scoring_mistakes(self), *_golden_mistakes(self)]
        mistakes += _published_mistakes(self)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def _item_mistakes(key: Instrument) -> list[str]:
    scored = {item for subscale in key.subscales.values() for item in subscale.items}
    numbers = {*scored, *key.fillers, *key.reverse, *key.short_names, *(key.risk.items if key.risk else [])}
    checks = {
        f"`items` is {key.items}, but an item has a higher number": max(numbers, default=0) > key.items,
        "`fillers` and `subscales` name the same item": scored & set(key.fillers),
        "`reverse` names an item that no subscale scores": set(key.reverse) - scored,
        "`subscales` and `fillers` together leave items out": key.kind == "scale"
        and set(range(1, key.items + 1)) - scored - set(key.fillers),
        "an item is named twice in one list": any(
            len(items) != len(set(items))
            for items in (key.fillers, key.reverse, *(s.items for s in key.subscales.values()))
        ),
        "`short_names` must name every item or none": key.short_names and len(key.short_names) != key.items,
        "`short_names` must differ from each other": len(set(key.short_names.values())) != len(key.short_names),
    }
    return [mistake for mistake, found in checks.items() if found]


def _answer_mistakes(key: Instrument) -> list[str]:
    checks = {
        "`range` must be [lowest, highest]": key.lowest >= key.highest,
        "`answers` must label every number of `range`": key.answers
        and sorted(key.answers) != list(range(key.lowest, key.highest + 1)),
        "`answers` must differ from each other": len(key.labels) != len(key.answers),
        "`increased` is for kind distribution only": key.increased and key.kind != "distribution",
        "`increased` names an answer that does not exist": set(key.increased) - set(key.answers),
        "`increased` names an answer twice": len(set(key.increased)) != len(key.increased),
        "`increased` must leave at least one answer out": key.answers and set(key.increased) >= set(key.answers),
        # Between answers that count, one that does not would stand on the wrong side of every chart.
        "`increased` must be the answers at one end": not _at_one_end(key),
    }
    return [mistake for mistake, found in checks.items() if found]


def _at_one_end(key: Instrument) -> bool:
    chosen, every = sorted(key.increased), sorted(key.answers)
    return not chosen or chosen in (every[-len(chosen) :], every[: len(chosen)])


def _scoring_mistakes(key: Instrument) -> list[str]:
    if key.kind != "scale":
        scoring = key.subscales or key.aggregate or key.table or key.reverse or key.missing or key.golden
        checks = {
            "only kind scale has `subscales`, `aggregate`, `table`, `reverse`, `missing` and `golden`": scoring,
            "`answers` and `short_names` are needed unless kind is scale": not (key.answers and key.short_names),
        }
        return [mistake for mistake, found in checks.items() if found]
    prorates = key.missing is not None and key.missing.rule == "person_mean"
    tolerant = [s for s in key.subscales.values() if s.max_missing > 0]
    sums = {
        total
        for s in key.subscales.values()
        for total in range(len(s.items) * key.lowest, len(s.items) * key.highest + 1)
    }
    checks = {
        "kind scale needs `subscales`, `aggregate` and `missing`": not (
            key.subscales and key.aggregate and key.missing
        ),
        "`max_missing` must be fewer than the subscale's items": any(s.max_missing >= len(s.items) for s in tolerant),
        "`max_missing` above 0 goes with missing rule person_mean, and the other way round": prorates != bool(tolerant),
        "`table` is needed for aggregate table, and only there": (key.aggregate == "table") != bool(key.table),
        # A table holds whole sums only; a prorated sum would fall between its rows.
        "aggregate table needs missing rule complete_cases": key.aggregate == "table" and prorates,
        "`table` must have a row for every possible sum": key.table and set(key.table) != sums,
        "`factor` is for aggregate mean only": key.factor != 1 and key.aggregate != "mean",
    }
    return [mistake for mistake, found in checks.items() if found]


def _published_mistakes(key: Instrument) -> list[str]:
    unknown = {one.subscale for one in key.published} - set(key.subscales)
    checks = {
        f"a published figure names a subscale that the key does not have: {', '.join(sorted(unknown))}": unknown,
        "a reliable change names a cut-off that the score does not have": any(
            change.cut_off is not None
            and (change.subscale, change.cut_off) not in {(cut.subscale, cut.value) for cut in key.cut_offs}
            for change in key.reliable_change
        ),
        "a band's `lowest` is above its `highest`": any(band.lowest > band.highest for band in key.bands),
    }
    return [mistake for mistake, found in checks.items() if found]


def _golden_mistakes(key: Instrument) -> list[str]:
    cases = {
        f"golden case {golden.case!r} names other subscales than the key": set(golden.scores) != set(key.subscales)
        for golden in key.golden
    }
    beyond = {
        f"golden case {golden.case!r} names an item that does not exist": max([*golden.other, *golden.blank], default=1)
        > key.items
        for golden in key.golden
    }
    outside = {
        f"golden case {golden.case!r} has an answer outside its range": not all(
            key.lowest <= answer <= key.highest for answer in (golden.all, *golden.other.values())
        )
        for golden in key.golden
    }
    twice = {"golden cases must have different names": len({g.case for g in key.golden}) != len(key.golden)}
    return [mistake for mistake, found in {**cases, **beyond, **outside, **twice}.items() if found]
