"""What people were asked, version by version, and why there is no answer where there is none."""

from datetime import date

from schemas.tables.contract import Table, column

STATES = ("baseline", "same", "break", "held")
# What may break a trend, in the order in which several are named.
BREAKS = ("form", "version", "tool", "recruitment")
REASONS = ("not_shown", "left_blank", "not_ticked")


class FormVersion(Table):
    """One version of a survey's form, for one instrument in it. A new version begins when questions, wording, order,
    choices or their numbers change."""

    survey_id: str = column("The survey entry.", key=True)
    version: str = column("The version: a fingerprint of the form.", key=True)
    instrument: str = column("The instrument.", key=True)
    file_number: int = column("Number of the first file with this form, in the order of arrival.")
    received_on: date = column("When that file arrived.")
    state: str = column(
        "baseline: the survey's first form. same: compares with what was before. break: somebody decided that it does "
        "not. held: waits for a decision; its answers to the instrument are left out.",
        isin=STATES,
    )
    since: str = column("The version since which the instrument's answers compare with each other.")


class FormQuestion(Table):
    """One question of one version of a form, of those that the survey entry uses. The wording of a published
    instrument belongs to its authors: it is here to tell versions apart, and never in a release."""

    survey_id: str = column("The survey entry.", key=True)
    version: str = column("The version of the form.", key=True)
    position: int = column("Place of the question in the form, from 1.", key=True)
    column_name: str = column("The column, as programme.yaml names it.")
    instrument: str = column("The instrument that it is an item of; empty for a comment.", nullable=True)
    item: int = column("Number of the item within the instrument.", nullable=True)
    wording: str = column("The question as people saw it; names that are known are replaced.", nullable=True)
    choices: str = column("What it offers, as `number = label; ...`; empty where the file does not say.", nullable=True)


class TrendBreak(Table):
    """Where the answers to an instrument before and after may not compare, because the form, the survey tool or
    something that programme.yaml declares changed."""

    instrument: str = column("The instrument.", key=True)
    kind: str = column(
        "What changed. form: questions or answers. version: the questionnaire, by another edition of it. tool: the "
        "survey tool. recruitment: how people came to take part.",
        key=True,
        isin=BREAKS,
    )
    survey_id: str = column(
        "The survey entry after the break; empty where programme.yaml declares it.", key=True, nullable=True
    )
    version: str = column("The version of its form after the break.", key=True, nullable=True)
    from_year: str = column("Academic year before the break.", key=True)
    to_year: str = column("Academic year after it; the same where the form changed within a year.", key=True)
    state: str = column(
        "declared: somebody decided so. possible: another survey asks the instrument in another way, or another tool "
        "was used, and nobody has decided yet.",
        isin=("declared", "possible"),
    )
    detail: str = column(
        "The tools before and after, or the sentence in programme.yaml; empty for a form.", nullable=True
    )


class Unanswered(Table):
    """Why an item has no answer, where the survey tool says. Files and some tools do not; then there is no row.
    Scoring treats all three alike, as missing."""

    response_id: str = column("The response.", key=True)
    instrument: str = column("The instrument.", key=True)
    item: int = column("Number of the item within the instrument.", key=True, ge=1)
    reason: str = column(
        "not_shown: the form did not ask. left_blank: it was shown and skipped. not_ticked: an option that was shown "
        "and not chosen.",
        isin=REASONS,
    )
