"""What each of the demo's forms asks, and the entry of programme.yaml that says what its columns mean.

No item wording is shipped: the questions say which statement of which scale they stand for.
"""

from typing import Any

from cfc_pipeline.demo import planted
from cfc_pipeline.demo.answers import MEASURES
from cfc_pipeline.demo.layouts import Question, key_of
from cfc_pipeline.demo.people import COHORTS
from cfc_pipeline.demo.surveys import Form

_AGREEMENT = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")
_OFTEN = ("Never", "Rarely", "Sometimes", "Often", "Always")
_CEAS = ("1 (never)", "2", "3", "4", "5", "6", "7", "8", "9", "10 (always)")
LABELS: dict[str, tuple[str, ...]] = {
    "ceas_self": _CEAS,
    "ceas_to_others": _CEAS,
    "ceas_from_others": _CEAS,
    "brs": _AGREEMENT,
    "swemwbs": _OFTEN,
    "cfc_perceived_impact": (
        "Decreased a lot",
        "Decreased a little",
        "No change",
        "Increased a little",
        "Increased a lot",
    ),
    "cfc_session_feedback": ("Very low", "Low", "Moderate", "High", "Very high"),
}
_TITLES = {
    "ceas_self": "Compassion for self",
    "ceas_to_others": "Compassion to others",
    "ceas_from_others": "Compassion from others",
    "brs": "Resilience",
    "swemwbs": "Well-being",
    "cfc_perceived_impact": "Since the programme began",
    "cfc_session_feedback": "This session",
}
POINT_ANSWERS = {"pre": "Before we start", "post": "After the last session"}
# Line breaks stay in headers, a cp1252 re-save trips over dashes and quotes, and a no-break space cannot be seen.
COMMENT_QUESTIONS = {
    "helped": "What helped most?\n(One thing is enough.)",
    "change": "What would you change \u2013 or \u201cbin\u201d?\u00a0",
}
CONSENT_YES = "Yes, use my answers"
CONSENT_NO = "No"


_PREFIXES = {
    "ceas_self": "CS",
    "ceas_to_others": "CT",
    "ceas_from_others": "CF",
    "brs": "BR",
    "swemwbs": "SW",
    "cfc_perceived_impact": "PI",
    "cfc_session_feedback": "SF",
}
_PERSON_QUESTIONS = {
    "email": "Your work email address",
    "code": "The code on your invitation",
    "self_made": "Your own code: the last two letters of your surname, your birthday, three letters, three digits",
}
# Where a tool itself writes who answered. Other forms ask.
_PERSON_COLUMNS = {
    ("qualtrics", "email"): "recipientEmail",
    ("ms_forms", "email"): "Email",
    ("surveymonkey", "email"): "Email Address",
    ("limesurvey", "code"): "token",
}


def item_question(instrument: str, item: int) -> Question:
    title = _TITLES[instrument]
    options = LABELS[instrument]
    return Question(f"{_PREFIXES[instrument]}{item}", f"{title}: statement {item}", options, group=title, kind="choice")


def questions_of(form: Form) -> list[Question]:
    """Everything that the form asks, in its order."""
    items = [item_question(name, item) for name in form.instruments for item in range(1, MEASURES[name].items + 1)]
    comments = [comment_question(name) for name in form.comments]
    return [*_opening_questions(form).values(), *items, *comments, UNKNOWN]


# A column that no entry names: somebody added it to the form and told nobody.
UNKNOWN = Question("EXTRA", planted.UNKNOWN_HEADER, kind="text")


def comment_question(name: str) -> Question:
    return Question(f"TXT{list(COMMENT_QUESTIONS).index(name) + 1}", COMMENT_QUESTIONS[name], kind="text")


def person_question(form: Form) -> Question | None:
    """The question that asks who answers; None where the tool writes it or nobody is to be known."""
    if form.person == "anonymous" or (form.tool, form.person) in _PERSON_COLUMNS:
        return None
    return Question("WHO", _PERSON_QUESTIONS[form.person], kind="text")


def cohort_options(form: Form) -> dict[str, str]:
    """Answer: cohort id."""
    return {f"{c.label} group": c.id for c in COHORTS if c.id in form.cohorts}


def _opening_questions(form: Form) -> dict[str, Question]:
    asked: dict[str, Question] = {}
    if who := person_question(form):
        asked["person"] = who
    if form.person == "self_made":
        asked["consent"] = _pick(form, "AGREE", "May we use your answers in the evaluation?", (CONSENT_YES, CONSENT_NO))
    if form.cohort == "column":
        asked["cohort"] = _pick(form, "GROUP", "Which group are you in?", tuple(cohort_options(form)))
    if form.time_point == "column":
        asked["time_point"] = _pick(form, "WHEN", "When are you filling this in?", tuple(POINT_ANSWERS.values()))
    if form.kind == "session_feedback":
        asked["session"] = Question("SESSION", "Which session was it?", kind="number")
    return asked


def _pick(form: Form, id_: str, text: str, options: tuple[str, ...]) -> Question:
    """A choice of one. Google and Microsoft write the label even where scales come as numbers."""
    return Question(id_, text, options, kind="choice" if _coded(form) else "text")


def _coded(form: Form) -> bool:
    return form.labels or form.tool in ("qualtrics", "limesurvey")


def cell_of(form: Form, options: tuple[str, ...], answer: str) -> str:
    """What the export holds for an answer to a `_pick` question."""
    return str(options.index(answer) + 1) if _coded(form) and not form.labels else answer


def entry_of(form: Form) -> dict[str, Any]:
    """The survey entry in programme.yaml."""
    entry: dict[str, Any] = {"id": form.survey, "tool": form.tool, "kind": form.kind}
    if form.files:
        entry["files"] = f"*{form.survey}*"
    asked = _opening_questions(form)
    if form.kind == "session_feedback":
        entry["session"] = {"column": key_of(form.layout, asked["session"])}
    else:
        entry["time_point"] = _time_point(form, asked)
    entry["cohort"] = _cohort(form, asked)
    entry["person"] = _person(form)
    if "consent" in asked:
        yes = cell_of(form, asked["consent"].options, CONSENT_YES)
        entry["consent"] = {"column": key_of(form.layout, asked["consent"]), "yes": [yes]}
    elif form.person == "anonymous":
        entry["consent"] = "not_needed"
    if submitted := {k: v for k, v in (("order", form.order), ("timezone", form.timezone)) if v not in ("ymd", None)}:
        entry["submitted"] = submitted
    entry["scales"] = [_scale(form, name) for name in form.instruments]
    if form.comments:
        entry["comments"] = {name: key_of(form.layout, comment_question(name)) for name in form.comments}
    return entry


def _time_point(form: Form, asked: dict[str, Question]) -> Any:
    if form.time_point == "calendar":
        return "calendar"
    if form.time_point == "fixed":
        return form.points[0]
    options = asked["time_point"].options
    values = {cell_of(form, options, answer): point for point, answer in POINT_ANSWERS.items()}
    return {"column": key_of(form.layout, asked["time_point"]), "values": values}


def _cohort(form: Form, asked: dict[str, Question]) -> Any:
    if form.cohort == "roster":
        return "roster"
    if form.cohort == "fixed":
        return form.cohorts[0]
    options = asked["cohort"].options
    values = {cell_of(form, options, answer): cohort for answer, cohort in cohort_options(form).items()}
    return {"column": key_of(form.layout, asked["cohort"]), "values": values}


def _person(form: Form) -> dict[str, str]:
    if form.person == "anonymous":
        return {"by": "anonymous"}
    question = person_question(form)
    column = key_of(form.layout, question) if question else _PERSON_COLUMNS[form.tool, form.person]
    if form.layout == "qualtrics_legacy":
        column = "EmailAddress"  # its text; the key of this layout is a mere V5
    return {"by": form.person, "column": column}


def _scale(form: Form, instrument: str) -> dict[str, Any]:
    items = range(1, MEASURES[instrument].items + 1)
    scale: dict[str, Any] = {
        "instrument": instrument,
        "items": {item: key_of(form.layout, item_question(instrument, item)) for item in items},
    }
    if form.labels:
        scale["answers"] = {label: number for number, label in enumerate(LABELS[instrument], start=1)}
    return scale
