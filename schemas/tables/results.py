"""What the answers add up to, before anything is hidden. For analysts; releases are made from these by disclosure/.

`level` says whom a row is about: one `cohort`, one academic `year` (everyone in it, as one group), or `all` years. In
`paired_change`, `pooled` is the random-effects estimate over cohorts.
"""

from datetime import date

from schemas.tables.contract import Table, column
from schemas.tables.people import TIME_POINTS

FATES = ("stored", "unchanged", "quarantined", "excluded")  # of the rows of a file
LEVELS = ("cohort", "year", "all", "pooled")


class PairedChange(Table):
    """Change between two time points among people who answered at both."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    n_paired: int = column("People with a score at both time points.", label="n", unit="people")
    n_schools: int = column("Schools that these people work in.", label="Schools", unit="schools")
    n_cohorts: int = column("Cohorts that these people belong to.", label="Cohorts", unit="cohorts")
    pre_mean: float = column("Mean score before, of the paired people.", label="Mean before", nullable=True)
    pre_sd: float = column("Standard deviation before (n - 1).", label="SD before", nullable=True)
    post_mean: float = column("Mean score after, of the paired people.", label="Mean after", nullable=True)
    post_sd: float = column("Standard deviation after (n - 1).", label="SD after", nullable=True)
    correlation: float = column("Pearson correlation of before and after.", nullable=True)
    mean_change: float = column("Mean of after minus before.", label="Mean change", nullable=True)
    change_sd: float = column("Standard deviation of the change (n - 1).", nullable=True)
    ci_low: float = column(
        "Lower end of the 95 % interval of the mean change; at levels year and all as if people were independent.",
        nullable=True,
    )
    ci_high: float = column("Upper end of that interval.", nullable=True)
    cluster_low: float = column(
        "Lower end of the 95 % interval that allows for cohorts that differ, at levels year and all; never narrower "
        "than the one before, and of one cohort the same.",
        nullable=True,
    )
    cluster_high: float = column("Upper end of that interval.", nullable=True)
    g_z: float = column("Mean change / SD of change, times Hedges' exact correction.", label="g_z", nullable=True)
    g_z_low: float = column("Lower end of the 95 % interval of g_z (non-central t).", nullable=True)
    g_z_high: float = column("Upper end of the 95 % interval of g_z (non-central t).", nullable=True)
    t_value: float = column("Paired t, or the Hartung-Knapp t at level pooled.", nullable=True)
    p_value: float = column(
        "Two-sided p of that t; at level pooled no smaller than that of the usual random-effects model.",
        label="p",
        nullable=True,
    )
    tau2: float = column("Variance of the true change between cohorts, at level pooled.", nullable=True)
    i2: float = column(
        "Share of variation that is between cohorts, at level pooled.", label="I²", unit="%", nullable=True
    )
    prediction_low: float = column(
        "Lower end of where the true mean change of one more cohort would probably lie: t with two degrees of freedom "
        "fewer than cohorts, from three cohorts on, where tau2 is above 0; at level pooled.",
        nullable=True,
    )
    prediction_high: float = column("Upper end of that interval.", nullable=True)
    n_linked: int = column(
        "People with forms at both time points who were recognised by a code of their own, whatever the measure; empty "
        "where nobody is known by such a code. At level pooled, as at level all.",
        unit="people",
        nullable=True,
    )
    n_unclear: int = column(
        "Codes at the time point after that may be somebody's; nobody has decided, so they are not among the paired.",
        unit="people",
        nullable=True,
    )
    false_links: float = column(
        "Expected share of these links that join different people: the mean of 1 - chance in `link`.",
        unit="%",
        nullable=True,
    )


class EffectSizes(Table):
    """What else is said of the changes of `paired_change`. Each d is named after what the mean change is divided by;
    they are different numbers. g_z and the correlation are in `paired_change`."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    n_paired: int = column("People with a score at both time points.", label="n", unit="people")
    d_z: float = column("Mean change / SD of the changes.", label="d_z", nullable=True)
    d_av: float = column("Mean change / mean of the SD before and the SD after.", label="d_av", nullable=True)
    d_rm: float = column("d_z times the root of 2 (1 - correlation).", label="d_rm", nullable=True)
    d_before: float = column("Mean change / SD before.", label="d_before", nullable=True)
    g_before: float = column("d_before times Hedges' exact correction.", label="g_before", nullable=True)
    g_before_low: float = column(
        "Lower end of the 95 % interval of the change in SDs before (approximate); at levels year and all as if people "
        "were independent.",
        nullable=True,
    )
    g_before_high: float = column("Upper end of that interval.", nullable=True)
    n_changed: int = column(
        "People whose score changed, at level cohort, up to 200 people; the others are not in the signed-rank test.",
        unit="people",
        nullable=True,
    )
    rank_biserial: float = column(
        "Rank-biserial correlation of Wilcoxon's signed ranks: 1 if everybody who changed rose.",
        label="Rank-biserial",
        nullable=True,
    )
    rank_p: float = column(
        "Two-sided p of Wilcoxon's signed-rank test: exact with ties, normal above 50 people who changed.",
        label="p (ranks)",
        nullable=True,
    )
    boot_low: float = column(
        "Lower end of the bootstrap-t 95 % interval of the mean change, at level cohort, from 8 to 200 people.",
        nullable=True,
    )
    boot_high: float = column("Upper end of that interval.", nullable=True)


class PairedSupport(Table):
    """How many people of each school stand behind each cohort's paired change; what disclosure control counts."""

    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    cohort_id: str = column("The cohort.", key=True)
    academic_year: str = column("The academic year of the cohort.")
    school_id: str = column("The school; a person without a known school stands for themselves.", key=True)
    n: int = column("Paired people.", unit="people")


class ResponseFlow(Table):
    """Where everyone went. enrolled = consented + not_consented; consented = withdrawn + remaining;
    remaining = paired + pre_only + post_only + neither; pre = paired + pre_only; post = paired + post_only."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    n_schools: int = column("Schools of the enrolled people.", label="Schools", unit="schools")
    enrolled: int = column(
        "People on the roster, or known by a code that they made themselves.", label="Enrolled", unit="people"
    )
    not_consented: int = column("People who did not agree to the evaluation.", label="No consent", unit="people")
    consented: int = column("People who agreed to the evaluation.", label="Consented", unit="people")
    withdrawn: int = column("People who agreed and withdrew later.", label="Withdrew", unit="people")
    remaining: int = column("People who agreed and did not withdraw.", label="Remaining", unit="people")
    pre: int = column("Remaining people with a counted scale response before.", label="Before", unit="people")
    mid: int = column("... halfway.", label="Halfway", unit="people")
    post: int = column("... after.", label="After", unit="people")
    follow_up: int = column("... at follow-up.", label="Follow-up", unit="people")
    paired: int = column("Remaining people with both before and after.", label="Both", unit="people")
    pre_only: int = column("Remaining people with before only.", label="Before only", unit="people")
    post_only: int = column("Remaining people with after only.", label="After only", unit="people")
    neither: int = column("Remaining people with neither.", label="Neither", unit="people")


class Attrition(Table):
    """People with a score before: those with one after (stayed) beside those without (left), in cohorts where anybody
    has answered after; and what the mean change could have been if those who left had been counted."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    n_stayed: int = column("People with a score before and after.", label="n", unit="people")
    n_left: int = column("People with a score before and none after.", label="n", unit="people")
    left_schools: int = column("Schools of those who left.", unit="schools")
    stayed_mean: float = column("Mean score before, of those who stayed.", label="Mean", nullable=True)
    stayed_sd: float = column("Standard deviation before, of those who stayed (n - 1).", label="SD", nullable=True)
    left_mean: float = column("Mean score before, of those who left.", label="Mean", nullable=True)
    left_sd: float = column("Standard deviation before, of those who left (n - 1).", label="SD", nullable=True)
    difference: float = column("Mean of those who left, less that of those who stayed.", nullable=True)
    ci_low: float = column("Lower end of Welch's 95 % interval of the difference.", nullable=True)
    ci_high: float = column("Upper end of that interval.", nullable=True)
    g: float = column("Difference / pooled SD, times Hedges' exact correction.", label="g", nullable=True)
    mean_change: float = column("Mean change of those who stayed, as in paired_change.", nullable=True)
    if_unchanged: float = column("Mean change of all if those who left had not changed.", nullable=True)
    if_worst: float = column("Mean change of all if those who left had come to the worst score.", nullable=True)
    would_need: float = column(
        "Mean change of those who left at which the mean change of all would be 0.", nullable=True
    )


class AttritionSupport(Table):
    """How many people of each school left each cohort, by measure; what disclosure control counts."""

    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    cohort_id: str = column("The cohort.", key=True)
    academic_year: str = column("The academic year of the cohort.")
    school_id: str = column("The school; a person without a known school stands for themselves.", key=True)
    n: int = column("People with a score before and none after.", unit="people")


class MixedModel(Table):
    """Change from before to each later time point by a mixed model of all scores of a measure: score ~ time point, with
    an intercept for each person, by restricted maximum likelihood. Everybody with any score is in it. For academic
    years and all years with scores at three or more time points."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    n_people: int = column("People with a score at any time point.", label="People", unit="people")
    n_responses: int = column("Their scores.", label="Scores", unit="scores")
    n_times: int = column("Time points with scores.", label="Time points", unit="time points")
    n_schools: int = column("Schools that these people work in.", unit="schools")
    n_late: int = column("People with a score at the later time and none before.", unit="people")
    late_schools: int = column("Schools that these work in.", unit="schools")
    change: float = column("Estimated mean at the later time less that before.", label="Change", nullable=True)
    standard_error: float = column("Its standard error, people being independent.", nullable=True)
    ci_low: float = column(
        "Lower end of the 95 % interval: as many standard errors wide as that of the change in `paired_change`, which "
        "allows for cohorts that differ.",
        nullable=True,
    )
    ci_high: float = column("Upper end of that interval.", nullable=True)
    person_sd: float = column("Standard deviation between people; 0 if scores of one person are no more alike.")
    rest_sd: float = column("Standard deviation of the rest.")


class AttendanceChange(Table):
    """Change from before to after beside how often people came, for academic years and all years; where programme.yaml
    says what often is. A description, no effect of coming: who comes often differs in other ways."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    n_often: int = column("People with both scores who came to at least the declared share.", label="n", unit="people")
    often_mean: float = column("Their mean change.", label="Mean change", nullable=True)
    often_sd: float = column("Standard deviation of their changes (n - 1).", label="SD", nullable=True)
    n_less: int = column("People with both scores who came to fewer sessions.", label="n", unit="people")
    less_mean: float = column("Their mean change.", label="Mean change", nullable=True)
    less_sd: float = column("Standard deviation of their changes (n - 1).", label="SD", nullable=True)
    difference: float = column("Mean change of the former less that of the latter.", label="Difference", nullable=True)
    ci_low: float = column("Lower end of Welch's 95 % interval of the difference.", nullable=True)
    ci_high: float = column("Upper end of that interval.", nullable=True)
    n_unknown: int = column(
        "People with both scores of whom it is not known how often they came, or how many sessions there were.",
        unit="people",
    )
    rank_correlation: float = column(
        "Spearman's correlation of the share of sessions and the change, from four people on.", nullable=True
    )
    rank_low: float = column("Lower end of its 95 % interval (Bonett and Wright).", nullable=True)
    rank_high: float = column("Upper end of that interval.", nullable=True)


class AttendanceSupport(Table):
    """How many people of each school came often, less often, or of whom it is not known; what disclosure control
    counts."""

    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    cohort_id: str = column("The cohort.", key=True)
    academic_year: str = column("The academic year of the cohort.")
    school_id: str = column("The school; a person without a known school stands for themselves.", key=True)
    came: str = column("How often they came.", isin=("often", "less", "unknown"), key=True)
    n: int = column("People with a score before and after.", unit="people")


class FeedbackSummary(Table):
    """Mean rating of each question for each cohort and session (level cohort), and for each session number over all
    cohorts of a year (level year) and of all years (level all)."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    session_number: int = column("Session within the cohort.", label="Session", key=True)
    question: str = column("Short name of the rated question.", key=True)
    n: int = column("Forms with this rating.", label="n", unit="forms")
    n_schools: int = column("Schools of the cohorts' enrolled people; anonymous forms name no school.", unit="schools")
    attendance: int = column("People present, from the session log.", label="Present", unit="people", nullable=True)
    mean: float = column("Mean rating.", label="Mean", nullable=True)
    sd: float = column("Standard deviation (n - 1).", label="SD", nullable=True)


class SessionTrend(Table):
    """Level and trend of each question over the sessions: of a cohort, from the mean ratings of its sessions; of a year
    and all years, pooled over cohorts. Cohorts with mean ratings of at least three sessions."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    question: str = column("Short name of the rated question.", key=True)
    n_cohorts: int = column("Cohorts.", label="Cohorts", unit="cohorts")
    n_sessions: int = column("Sessions of these cohorts with a mean rating.", label="Sessions", unit="sessions")
    mean: float = column("Mean over sessions of the mean rating; above cohorts, pooled.", label="Mean", nullable=True)
    mean_low: float = column("Lower end of its 95 % interval.", nullable=True)
    mean_high: float = column("Upper end of its 95 % interval.", nullable=True)
    slope: float = column("Change of the mean rating from one session to the next, by a straight line.", nullable=True)
    slope_low: float = column("Lower end of its 95 % interval.", nullable=True)
    slope_high: float = column("Upper end of its 95 % interval.", nullable=True)
    sd_forms: float = column("Standard deviation between the forms of one session.", nullable=True)
    sd_sessions: float = column("Standard deviation between the mean ratings of a cohort's sessions.", nullable=True)
    sd_cohorts: float = column("Standard deviation between the cohorts' true means, above cohorts.", nullable=True)


class SessionResponse(Table):
    """How many of those present sent a form with any rating: for each session of a cohort, and (no session number) over
    all sessions of a cohort, a year and all years of which both counts are known."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    session_number: int = column("Session; empty for totals.", label="Session", nullable=True, key=True)
    n_sessions: int = column("Sessions in the row.", label="Sessions", unit="sessions")
    n_schools: int = column("Schools of the cohort's enrolled people; of totals, of the largest.", unit="schools")
    forms: int = column("Forms with any rating.", label="Forms", unit="forms", nullable=True)
    attendance: int = column("People present, from the session log.", label="Present", unit="people", nullable=True)
    percent: float = column("Forms of people present; above 100 where a count is wrong.", unit="%", nullable=True)
    ci_low: float = column("Lower end of Wilson's 95 % interval, for single sessions.", unit="%", nullable=True)
    ci_high: float = column("Upper end of that interval.", unit="%", nullable=True)


class SessionAdherence(Table):
    """How closely sessions followed the manual, as facilitators rate it themselves in the session log."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    n_cohorts: int = column("Cohorts with any rating.", label="Cohorts", unit="cohorts")
    n_sessions: int = column("Their sessions in the log.", label="Sessions", unit="sessions")
    n_rated: int = column("Of these, sessions with a rating.", label="Rated", unit="sessions")
    adherence: float = column("Mean over cohorts of the mean rating of their sessions.", label="Adherence", unit="%")


class ImpactDistribution(Table):
    """How many people chose each answer to each of the programme's own perceived-impact items."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    item: int = column("Number of the item.", key=True)
    value: int = column("The answer's number.", key=True)
    answer: str = column("The answer's label.", label="Answer")
    n: int = column("People who chose it.", label="n", unit="people")
    base: int = column("People who answered the item.", label="Base", unit="people")
    n_schools: int = column("Schools of the people who answered the item.", unit="schools")
    percent: float = column("n of base.", label="%", unit="%", nullable=True)
    increased: bool = column(
        "Whether the answer counts as increased, by the form's key; empty where the key does not say.",
        label="Counts as increased",
        nullable=True,
    )


class ImpactShare(Table):
    """How many people gave one of the answers that count as increased, by the form's key. At level all also for each
    role group of programme.yaml."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    cohort_id: str = column("The cohort, at level cohort.", nullable=True, key=True)
    academic_year: str = column("The academic year, at levels cohort and year.", nullable=True, key=True)
    role_group: str = column("The role group, at level all; empty for everybody.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    item: int = column("Number of the item.", key=True)
    n_increased: int = column("People who gave an answer that counts.", label="Increased", unit="people")
    base: int = column("People who answered the item.", label="Answered", unit="people")
    n_schools: int = column("Schools of the people who answered the item.", unit="schools")
    percent: float = column("n_increased of base.", label="%", unit="%", nullable=True)
    ci_low: float = column("Lower end of Wilson's 95 % interval of the share.", label="from", unit="%", nullable=True)
    ci_high: float = column("Upper end of that interval.", label="to", unit="%", nullable=True)


class ThemeCount(Table):
    """How many comments are of a theme, by what two coders settled on or both gave. One comment may have several."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    theme: str = column("The theme; empty for all comments that were coded.", nullable=True, key=True)
    n_comments: int = column("Comments of this theme.", label="Comments", unit="comments")
    n_people: int = column(
        "At least so many people wrote them: within a cohort, those who are known, or the forms of one occasion.",
        unit="people",
    )
    n_schools: int = column("At least so many schools these people work in.", unit="schools")


class ThemeAgreement(Table):
    """How far two coders agree on a theme, before they settled anything."""

    theme: str = column("The theme; empty for all themes together.", nullable=True, key=True)
    n_both: int = column("Comments that both coded.", label="Coded by both", unit="comments")
    kappa: float = column("Cohen's kappa; empty if both said the same of every comment.", label="kappa", nullable=True)
    kappa_low: float = column("Lower end of the 95 % interval of kappa.", label="from", nullable=True)
    kappa_high: float = column("Upper end of that interval.", label="to", nullable=True)
    alpha: float = column(
        "Krippendorff's alpha for categories; over all themes a category is a whole set of themes.",
        label="alpha",
        nullable=True,
    )


class Reliability(Table):
    """How well the items of each score hang together at each time point: over one academic year (level year) and over
    all (level all), among counted scale forms in which every item of the score was answered. With fewer than 30 forms
    these figures say next to nothing; no release shows them then."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    time_point: str = column("When in the programme.", isin=TIME_POINTS, key=True)
    n: int = column("Forms with an answer to every item; a person has one.", label="n", unit="forms")
    n_schools: int = column("Schools of the people who sent them.", unit="schools")
    n_items: int = column("Items of the score.", label="Items", unit="items")
    alpha: float = column("Cronbach's alpha, of the items as they are scored.", label="alpha", nullable=True)
    alpha_low: float = column("Lower end of Feldt's 95 % interval of alpha.", nullable=True)
    alpha_high: float = column("Upper end of Feldt's 95 % interval of alpha.", nullable=True)
    omega: float = column(
        "McDonald's omega of the sum of the items, one factor, by least squares of the correlations (minres). Empty "
        "for fewer than three items, and where one factor has no proper solution.",
        label="omega",
        nullable=True,
    )
    item_rest_mean: float = column(
        "Mean over the items of the correlation of each with the sum of the others.",
        label="Mean item-rest r",
        nullable=True,
    )
    item_rest_lowest: float = column("The lowest of these.", label="Lowest", nullable=True)
    lowest_item: int = column("Number of the item that has it.", label="Its item", nullable=True)


class ReliableChange(Table):
    """How many people's scores changed by more than error of measurement, over one academic year (level year) and over
    all (level all). Counts are empty where there is no rule. n_paired = recovered + improved + unchanged +
    deteriorated."""

    level: str = column("Whom the row is about.", isin=LEVELS, key=True)
    academic_year: str = column("The academic year, at level year.", nullable=True, key=True)
    instrument: str = column("The instrument.", key=True)
    subscale: str = column("The subscale.", key=True)
    from_time_point: str = column("Time point before.", key=True)
    to_time_point: str = column("Time point after.", key=True)
    n_paired: int = column("People with a score at both time points.", label="n", unit="people")
    n_schools: int = column("Schools that these people work in.", unit="schools")
    recovered: int = column(
        "People who improved reliably and crossed the cut-off; empty without a cut-off.",
        label="Recovered",
        unit="people",
        nullable=True,
    )
    improved: int = column("People who improved reliably without that.", label="Improved", unit="people", nullable=True)
    unchanged: int = column("People without reliable change.", label="Unchanged", unit="people", nullable=True)
    deteriorated: int = column("People who got reliably worse.", label="Got worse", unit="people", nullable=True)
    harmed: int = column("Of these, people who crossed the cut-off.", unit="people", nullable=True)
    threshold: float = column("How large a change must be.", unit="points", nullable=True)
    at_least: bool = column("Whether a change of just that size is reliable.", nullable=True)
    from_expected: bool = column(
        "Whether change is counted from the score expected without any, nearer to the mean than the one before.",
        nullable=True,
    )
    cut_off: float = column("Score between cases and others.", unit="points", nullable=True)
    rule: str = column("The rule: which method, reliability, SD and z, on whose word; or why there is none.")


class DataQuality(Table):
    """What became of the rows of every file: rows in = stored + unchanged + quarantined + excluded."""

    survey_id: str = column("The survey entry.", key=True)
    file_number: int = column("Number of the file in the order of arrival.", key=True)
    received_on: date = column("When the file arrived.")
    outcome: str = column("What became of the rows.", isin=FATES, key=True)
    reason: str = column("Why, for quarantined and excluded rows; empty otherwise.", key=True)
    rows: int = column("How many rows.", unit="rows")
