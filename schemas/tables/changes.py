"""How scores changed: the change itself, its sizes, the model of all time points, change beside attendance; and the
people behind each of these."""

from schemas.tables.contract import Table, column
from schemas.tables.levels import LEVELS


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
