"""The demo's surveys as data: who was asked what, with which tool, and in which of its layouts.

Five survey tools appear, labels in some and numbers in others; each way of telling the person, the cohort and the time
point is used at least once.
"""

from dataclasses import dataclass

from cfc_pipeline.demo.people import COHORTS

TOOLS = ("qualtrics", "ms_forms", "google_forms", "surveymonkey", "limesurvey")
SCALES = ("ceas_self", "ceas_to_others", "ceas_from_others", "brs", "swemwbs")
IMPACT = ("cfc_perceived_impact",)
FEEDBACK = ("cfc_session_feedback",)


@dataclass(frozen=True)
class Form:
    """One survey of the demo."""

    survey: str
    layout: str
    kind: str
    cohorts: tuple[str, ...]
    instruments: tuple[str, ...]
    points: tuple[str, ...]
    person: str = "email"
    time_point: str = "fixed"  # fixed, column or calendar
    cohort: str = "roster"  # roster, column or fixed
    labels: bool = True
    order: str = "ymd"
    timezone: str | None = None
    comments: tuple[str, ...] = ()
    files: bool = True  # whether the entry names its files; one that nothing else looks like does not need to

    @property
    def tool(self) -> str:
        return next(t for t in TOOLS if self.layout.startswith(t))

    @property
    def extension(self) -> str:
        return next((e for e in ("xlsx", "tsv") if e in self.layout), "csv")


def _year(first: str, roster: bool = True) -> tuple[str, ...]:
    return tuple(c.id for c in COHORTS if c.id.startswith(first) and (c.on_roster or not roster))


_LONDON = "Europe/London"
FORMS = (
    Form("2023-before", "qualtrics_csv", "scale", _year("2023"), SCALES, ("pre",), labels=False),
    Form("2023-after", "qualtrics_tsv", "scale", _year("2023"), SCALES, ("post",)),
    Form("2023-later", "qualtrics_legacy", "scale", _year("2023"), SCALES, ("follow_up",), timezone=_LONDON),
    Form(
        "2023-partner",
        "limesurvey_csv",
        "scale",
        ("2023-partner",),
        SCALES,
        ("pre", "post"),
        person="self_made",
        time_point="column",
        cohort="fixed",
        labels=False,
        timezone=_LONDON,
        files=False,
    ),
    Form(
        "2023-partner-impact",
        "limesurvey_full_csv",
        "perceived_impact",
        ("2023-partner",),
        IMPACT,
        ("post",),
        person="self_made",
        cohort="fixed",
        timezone=_LONDON,
        files=False,
    ),
    Form(
        "2023-impact",
        "surveymonkey_csv",
        "perceived_impact",
        _year("2023"),
        IMPACT,
        ("post",),
        order="mdy",
        timezone=_LONDON,
        comments=("helped",),
    ),
    Form(
        "2023-sessions",
        "google_forms_sheet_csv",
        "session_feedback",
        _year("2023", roster=False),
        FEEDBACK,
        (),
        person="anonymous",
        cohort="column",
        labels=False,
        order="mdy",
        timezone=_LONDON,
        comments=("helped", "change"),
    ),
    Form("2024-before", "ms_forms_xlsx", "scale", _year("2024"), SCALES, ("pre",), timezone=_LONDON),
    Form(
        "2024-middle",
        "google_forms_sheet_csv",
        "scale",
        _year("2024"),
        SCALES,
        ("mid",),
        person="code",
        labels=False,
        order="mdy",
        timezone=_LONDON,
    ),
    Form(
        "2024-after",
        "surveymonkey_csv",
        "scale",
        _year("2024"),
        SCALES,
        ("post",),
        labels=False,
        order="mdy",
        timezone=_LONDON,
    ),
    Form("2024-later", "google_forms_download_csv", "scale", _year("2024"), SCALES, ("follow_up",), person="code"),
    Form(
        "2024-impact",
        "ms_forms_xlsx",
        "perceived_impact",
        _year("2024"),
        IMPACT,
        ("post",),
        timezone=_LONDON,
        comments=("helped", "change"),
    ),
    Form(
        "2024-sessions",
        "ms_forms_xlsx",
        "session_feedback",
        _year("2024"),
        FEEDBACK,
        (),
        person="anonymous",
        cohort="column",
        timezone=_LONDON,
        comments=("helped", "change"),
    ),
    Form(
        "2025-north",
        "surveymonkey_xlsx",
        "scale",
        ("2025-north",),
        SCALES,
        ("pre", "post"),
        time_point="calendar",
        order="mdy",
        timezone=_LONDON,
    ),
    Form(
        "2025-vale",
        "ms_forms_cp1252_csv",
        "scale",
        ("2025-vale",),
        SCALES,
        ("pre", "post"),
        person="code",
        time_point="column",
        order="mdy",
        timezone=_LONDON,
        comments=("change",),
    ),
    Form(
        "2025-moor",
        "google_forms_download_csv",
        "scale",
        ("2025-moor",),
        SCALES,
        ("pre", "post"),
        time_point="calendar",
        cohort="column",
        labels=False,
    ),
    Form(
        "2025-impact",
        "limesurvey_csv",
        "perceived_impact",
        _year("2025"),
        IMPACT,
        ("post",),
        person="code",
        labels=False,
        timezone=_LONDON,
        comments=("helped",),
    ),
    Form(
        "2025-sessions",
        "qualtrics_csv",
        "session_feedback",
        _year("2025"),
        FEEDBACK,
        (),
        person="anonymous",
        cohort="column",
        labels=False,
        comments=("helped", "change"),
    ),
)
