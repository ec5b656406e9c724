"""Which survey entry a file belongs to: by what is in it, so that a renamed file is still the same file."""

from fnmatch import fnmatch

from cfc_pipeline.errors import ExportError
from cfc_pipeline.intake.cells import resolve
from cfc_pipeline.programme import Consent, FromColumn, Survey
from cfc_pipeline.sources.raw import RECORD, SUBMITTED, RawTable


def columns_of(survey: Survey) -> list[str]:
    """Every column that a survey entry names."""
    settings = (survey.time_point, survey.cohort, survey.session, survey.consent)
    named = [s.column for s in settings if isinstance(s, FromColumn | Consent)]
    named += survey.person.columns if survey.person else []
    named += [survey.submitted.column] if survey.submitted.column else []
    return [*named, *asked_columns(survey), *survey.fields.values()]


def asked_columns(survey: Survey) -> list[str]:
    """Those of them that hold answers: items and comments."""
    return [*(column for scale in survey.scales for column in scale.items.values()), *survey.comments.values()]


def column_behind(survey: Survey, canonical: str) -> str:
    """The column, as programme.yaml names it, that a canonical column was read from; for people who correct a cell."""
    instrument, _, item = canonical.partition(":")
    for scale in survey.scales:
        if scale.instrument == instrument:
            return scale.items[int(item)]
    person = next(iter(survey.person.columns if survey.person else []), None) or _first(survey, "email", "code")
    settings = {
        "cohort_id": (survey.cohort, _first(survey, "cohort") or person),
        "cohort_known": (survey.cohort, person),
        "time_point": (survey.time_point, survey.submitted.column or SUBMITTED),
        "session_number": (survey.session, _first(survey, "session")),
    }
    if canonical in settings:
        setting, otherwise = settings[canonical]
        return (setting.column if isinstance(setting, FromColumn) else otherwise) or canonical
    plain = {
        "person": person,
        "own_address": _first(survey, "email"),
        "on_roster": person,
        "in_cohort": person,
        "consented": _first(survey, "consent"),
        "sharing_readable": _first(survey, "consent_sharing"),
        "quotes_readable": _first(survey, "consent_quotes"),
        "date_readable": survey.submitted.column or SUBMITTED,
        "dates_readable": _first(survey, "withdrawn_on", "consent_date", "held_on"),
        "record": RECORD,
        "form_decided": "the form",
    }
    return plain.get(canonical) or _first(survey, canonical) or canonical


def _first(survey: Survey, *fields: str) -> str | None:
    return next((survey.fields[f] for f in fields if f in survey.fields), None)


def missing_columns(raw: RawTable, survey: Survey) -> list[str]:
    return [name for name in columns_of(survey) if resolve(raw, name) is None]


def unnamed_columns(raw: RawTable, survey: Survey) -> list[str]:
    """Keys of the columns that people filled in and the entry does not name: nothing of them is stored."""
    named = {resolve(raw, name) for name in columns_of(survey)}
    return [column.key for column in raw.columns if not column.system and column.key not in named]


def assign(raw: RawTable, name: str, surveys: list[Survey]) -> Survey:
    """The one survey entry that this file fits. `name` only decides between entries that look the same.

    Raises ExportError when none or several fit; the message names columns only as programme.yaml writes them.
    """
    same_tool = [s for s in surveys if s.tool == raw.tool]
    fits = [s for s in same_tool if not missing_columns(raw, s)]
    named = [s for s in fits if s.files and fnmatch(name.casefold(), s.files.casefold())]
    # The entry that uses most of the file: a form that only asks for the shared columns is not this one.
    most = max((len(columns_of(s)) for s in fits), default=0)
    best = named or [s for s in fits if len(columns_of(s)) == most]
    if len(best) == 1:
        return best[0]
    if best:
        raise ExportError(
            "This file fits several survey entries.",
            where=", ".join(s.id for s in best),
            next_step="say which with `cfc-pipeline ingest FILE --survey ID`, or give the entries `files:` patterns",
        )
    raise no_entry(raw, same_tool)


def no_entry(raw: RawTable, same_tool: list[Survey]) -> ExportError:
    """The refusal of a file that none of these entries fits; it names the closest."""
    if not same_tool:
        return ExportError(
            f"No survey entry reads {raw.tool} files.",
            next_step="`cfc-pipeline add-survey FILE` drafts one",
        )
    closest = min(same_tool, key=lambda s: len(missing_columns(raw, s)))
    missing = missing_columns(raw, closest)
    listed = ", ".join(f"`{m}`" for m in missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return ExportError(
        f"No survey entry fits this {raw.tool} file.",
        where=f"the closest is `{closest.id}`, but the file lacks {len(missing)} of its columns: {listed}",
        next_step="mend that entry, or draft a new one with `cfc-pipeline add-survey FILE`",
    )
