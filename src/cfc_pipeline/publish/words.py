"""What the tables say about themselves: titles, and notes in words that a head teacher, a trustee and a statistician
would each accept. No word here says that the programme caused anything."""

from collections.abc import Mapping, Sequence

import polars as pl

PERIODS = {"mid": "Before to halfway", "follow_up": "Before to follow-up"}
EVERY_PERIOD = PERIODS | {"post": "Before to after"}

SYNTHETIC = "Synthetic data: the people and the figures are invented."
MARKS = (
    "[c]: hidden to protect people; it is not zero. [z]: no such figure exists for this row.",
    "Which figures are hidden follows from fixed rules, applied before anything is written; nobody chooses.",
)
NO_COMPARISON = (
    "There is no comparison group: a change can have many reasons, and these figures do not say that the programme "
    "caused it."
)
INTERVAL = (
    "95 % interval of the mean change: from Student's t. It is about people like those of this cohort, taken as "
    "independent of each other: of many such groups, about 95 in 100 intervals would hold their true mean change (92 "
    "to 94 where a few people change a lot and most hardly). It does not allow for how cohorts differ, and is not "
    "widened for the number of measures looked at."
)
OF_YEARS = (
    "95 % interval of a year: people of one cohort shape each other, so it goes by how far the cohorts' own changes "
    "lie apart (cluster-robust, CR2 with Satterthwaite's degrees of freedom), and is never narrower than if people "
    "were independent of each other, because a few cohorts may agree by chance. In simulations with 3 to 9 cohorts it "
    "held the true mean change 95 to 99 times in 100. It is not widened for the number of measures looked at.",
    "Groups: how many cohorts were compared for that; those of a year that are hidden count as one. With two groups "
    "the interval is so wide that it can hardly show a change. With one group there is nothing to compare: it takes "
    "people as independent, says what happened to these people, and nothing about other cohorts.",
    "What so few can show, if cohorts do not differ: three cohorts a change of about one standard deviation of "
    "people's changes, nine one of about a third, four times in five. If a tenth of the variation is between cohorts, "
    "about every second time. Smaller changes may be there and stay unclear.",
)
STANDARDISED = (
    "g_z: the mean change divided by the standard deviation (SD) of the changes, with Hedges' correction for small "
    "groups; 0 is no change. It compares people with themselves and must not be compared with a d between two groups. "
    "Its 95 % interval comes from the non-central t distribution."
)
EFFECTS = (
    "These are different numbers and must not be compared with each other, nor with a d between two groups. d_z: mean "
    "change / SD of the changes. g_z: the same with Hedges' correction for small groups. d_av: mean change / mean of "
    "the SDs before and after. g_before: mean change / SD before, with Hedges' correction; of several cohorts, "
    "compare the change in points first: an SD of ten people is uncertain by a quarter.",
    "Intervals of g_z come from the non-central t distribution; those of the change in SDs before from the same, "
    "taking the ratio of the two SDs as known, without Hedges' correction. r: correlation of before and after.",
    "Of a year there are no intervals here: they would take the people of all its cohorts as independent.",
    "Wilcoxon's signed-rank test and a bootstrap interval of each cohort are in the analysts' copy only: beside mean "
    "and SD, these would tell the changes of single people.",
)
P_VALUE = (
    "p: two-sided, from Student's t (pooled: as its interval), not corrected for the number of tests in this table."
)
HOLM = (
    "p (Holm): corrected, by Holm's method, for the tests of one family that are shown for the same cohort, year or "
    "pooled change; Tests in family is how many these are. A measure of no family has none. The programme says which "
    "measures are a family, before it looks at results."
)
POOLED = (
    "Pooled: the mean of the cohorts' changes in a random-effects model (DerSimonian and Laird). It weights cohorts, "
    "not people: where cohorts differ, small ones count for more than in a year's mean. And where the estimate over "
    "all cohorts would give a hidden one away, it is over the shown ones; Cohorts and n say how many are in it. So it "
    "need not lie between the years' means.",
    "95 % interval of the pooled change: that of Hartung and Knapp, which allows for cohorts that differ, or the usual "
    "random-effects interval where that is wider, because a few cohorts may agree by chance. In simulations with 3 to "
    "9 cohorts it held the true mean 95 to 99 times in 100. Changes are taken to vary alike within all cohorts.",
)
BETWEEN = (
    "Prediction interval: where the true mean change of one more cohort like these would probably lie (t with two "
    "degrees of freedom fewer than cohorts; from three cohorts on, and only where the cohorts seem to differ, tau "
    "above 0). In simulations with 3 to 9 cohorts it held that change 93 to 100 times in 100. The change that will be "
    "measured in such a cohort scatters more widely. tau: the standard deviation of the cohorts' true "
    "changes, in points. I²: which share of the variation between cohorts' changes is more than chance, in %. With few "
    "cohorts all three are uncertain; a tau or I² of 0 does not show that cohorts are alike."
)
SAME_PEOPLE = (
    "Means before and after and the change are of the same people: those with a score at both times. People who "
    "answered only once are not in them, and may differ from those who answered twice."
)
OTHER_PERIODS = (
    "No means before and after are given here: beside those of the larger group that answered after the programme, "
    "they would tell the scores of the few who did not answer at the other time. Cohorts are not shown apart.",
    "Who answered at follow-up is not everybody who answered after; the two changes are not of the same people.",
)


def p_values(families: Mapping[str, Sequence[str]], instruments: pl.DataFrame) -> tuple[str, ...]:
    """What the p are, and for which families of tests they are corrected."""
    if not families:
        return (P_VALUE,)
    names = {
        name: "; ".join(_members(measures, instruments)) or "no measure of this table"
        for name, measures in families.items()
    }
    listed = ". ".join(f"Family {name}: {measures}" for name, measures in names.items())
    return P_VALUE, f"{HOLM} {listed}."


def _members(measures: Sequence[str], instruments: pl.DataFrame) -> list[str]:
    either = pl.col("instrument").is_in(measures) | pl.format("{}/{}", "instrument", "subscale").is_in(measures)
    named = instruments.filter(either).select(pl.format("{} ({})", "title", "subscale_title").alias("named"))
    return named["named"].unique(maintain_order=True).to_list()


DIRECTION = "Direction: "


def directions(instruments: pl.DataFrame) -> str:
    """Whether more is better, for the instruments of a table."""
    mixed = pl.col("direction").n_unique().over("title") > 1
    one = pl.format("{} ({})", "title", "subscale_title")
    named = instruments.with_columns(named=pl.when(mixed).then(one).otherwise(pl.col("title")))
    lower = named.filter(pl.col("direction") == "lower_is_better")["named"].unique(maintain_order=True)
    if lower.is_empty():
        return (
            f"{DIRECTION}on every measure here a higher score is better, so a positive change is in the hoped-for "
            "direction."
        )
    return (
        f"{DIRECTION}a lower score is better, and a negative change in the hoped-for direction, on: "
        f"{'; '.join(lower)}. Elsewhere higher is better."
    )


def possible() -> pl.Expr:
    """The lowest and the highest possible score of a row of `instrument`, as in "1 to 5"."""
    ends = (pl.col(end).round(2).cast(pl.String).str.strip_suffix(".0") for end in ("lowest", "highest"))
    return pl.format("{} to {}", *ends)


def ranges(instruments: pl.DataFrame) -> str:
    """The possible scores of each measure, to judge a change by."""
    span = pl.format("{} {}", "subscale_title", possible())
    each = instruments.group_by("title", maintain_order=True).agg(span)
    spans = [f"{title}: {', '.join(subscales)}" for title, subscales in each.rows()]
    return f"Possible scores. {'; '.join(spans)}."


def advised(instruments: pl.DataFrame) -> tuple[str, ...]:
    """How many people the owners of these instruments advise, where they do; a cohort has fewer."""
    asked = instruments.drop_nulls("advised_people").group_by("advised_people", maintain_order=True)
    return tuple(
        f"{'; '.join(titles)}: its owners advise at least {people} people with answers at both times; see n."
        for people, titles in asked.agg(pl.col("title").unique(maintain_order=True)).rows()
    )


def own_codes(change: pl.DataFrame, cohorts: pl.DataFrame, smallest_count: int) -> tuple[str, ...]:
    """A note where people are known by codes of their own; `change` is as paired_change. It gives no exact number: what
    n counts is in the table, and may be hidden there."""
    linked = change.filter(pl.col("n_linked").is_not_null())
    every = linked.filter(pl.col("level") == "all")
    if every.is_empty():
        return ()
    known = cohorts.join(linked, on="cohort_id", how="semi").sort("starts_on", "cohort_id")
    named = ", ".join(f"{label} ({year})" for label, year in known.select("label", "academic_year").rows())
    unclear, false = every["n_unclear"].max(), every["false_links"].max()
    return (
        f"{OWN_CODES}in {named} people are known by codes that they made themselves, and n counts those whose codes "
        f"were matched. {_false_links(false)} {_unclear_codes(int(str(unclear)), smallest_count)}",
    )


def _false_links(percent: object) -> str:
    if not isinstance(percent, float):
        return "How many matches join two different people cannot be estimated, because only whole codes were compared."
    limit = next((f"{step:g} %" for step in (0.5, 1, 2, 5, 10, 20, 50) if percent <= step), "half")
    below = f"at most {limit}" if limit != "half" else "more than half"
    return f"By a model of how alike codes are by chance, {below} of the matches join two different people."


def _unclear_codes(count: int, smallest: int) -> str:
    if not count:
        return "No code was left out for being unclear."
    few = f"fewer than {smallest} codes" if count < smallest else f"{smallest} codes or more"
    return f"Left out for being unclear: {few} at one time."


OWN_CODES = "Own codes: "
FLOW = (
    "Enrolled = consented + no consent. Consented = withdrew + remaining. Remaining = both + before only + after "
    "only + neither.",
    "Before, halfway, after, follow-up: remaining people with at least one questionnaire counted at that time. A "
    "year is the sum of its cohorts; who takes part in two cohorts counts in each. A 0 can also mean that nobody was "
    "asked at that time.",
    "Schools: schools of the enrolled people; a person whose school is not known counts as one. Given for years only.",
)
ATTRITION = (
    "Answered both times: people with a score of the measure before and after. Answered before only: with a score "
    "before and none after, whatever the reason; they may have left the programme, not sent the form, or left too many "
    "items out. Cohorts in which nobody has answered after yet are left out.",
    "Over all years, those who answered both times are those of the years that are shown, and of the shown cohorts of "
    "the other years.",
)
LEFT_BEFORE = (
    "Difference: the mean before of those who answered before only, less that of those who answered both times; 95 % "
    "interval after Welch. g: the difference divided by the SD of both groups, with Hedges' correction. Both treat "
    "people as independent. Of so few people, an interval that holds 0 does not show that the two groups were alike.",
)
LEFT_CHANGE = (
    "Mean change: of those who answered both times, everybody counting alike. Over all years it is not the pooled "
    "change, which is about cohorts and may leave some out.",
    "If unchanged: the mean change of everybody, if those who answered before only had kept their score (last value "
    "carried forward). If worst: the same, if every one of them had come to the worst possible score of the scale; "
    "that is a limit, not a guess. Would need: how much they would have to have changed, on average, for the mean "
    "change of everybody to be 0. None of the three is an estimate, so none has an interval.",
)
MIXED_MODEL = (
    "By the model: a linear mixed model of all scores of a measure, with a mean for each time point and a level of "
    "their own for each person (random intercept, REML). Everybody with any score is in it, also who answered once. It "
    "takes it that whether somebody answers may depend on scores that are there, but not on those that are missing; "
    "nobody can check that.",
    "95 % interval: as many standard errors of the model to either side as the interval of the pooled change has, with "
    "its degrees of freedom; so it allows for cohorts that differ. In simulations with 3 to 9 cohorts of 8 to 14 "
    "people, of whom some stayed away as chance had it or by their earlier scores, it held the true change 94 to 98 "
    "times in 100.",
    "Where the two changes differ, who answered both times is not like the others. Shown only where enough people have "
    "a score at that time and none before, because the change could otherwise be solved for single people; not for "
    "scores that hold other scores, nor by year; the analysts' copy has the years, and hides nothing.",
)
ATTENDANCE = (
    "This is a description. People who come often differ in other ways from those who come less often, such as how "
    "they are, and how much time their work leaves them; the table does not say that coming changed anything.",
    "From before to after, over the years whose change is shown and of whose people it is known how often they came. "
    "Difference: mean change of those who came often, less "
    "that of the others; 95 % interval after Welch, which treats people as independent and is not widened for the "
    "number of measures.",
    "Hidden where, beside the changes of cohorts, it would be about few people; and for scores that hold other scores.",
)


def attendance(often: int | None) -> str:
    """What often is; the programme says it."""
    return (
        f"Came often: to at least {often} % of the sessions in the cohort's session log, by the roster. The programme "
        "chose this share."
    )


FEEDBACK = (
    "Ratings are from anonymous forms: n counts forms, and a person may have sent none or two.",
    "Present: people in the room according to the facilitator's session log; fewer forms than people present means "
    "that the mean speaks for some of them only.",
    "A mean is also hidden where all forms gave the same rating, because it would be everyone's answer. There is "
    "no SD: of a few forms, n, mean and SD together say how many gave each rating.",
    "The schools behind a figure are those of the people enrolled in the cohort, because forms are anonymous. Without "
    "a roster no school is known, and everything is hidden.",
)
TREND = (
    "Level: the mean of the sessions' mean ratings, every session counting alike. From one session to the next: by how "
    "many points the mean rating was higher (or lower) at the next session, from the straight line that fits best. "
    "Cohorts with mean ratings of at least three sessions that are not hidden; a session with few forms is not in.",
    "Of a cohort, the 95 % intervals come from how far its sessions lie apart (Student's t). Forms are anonymous: "
    "which are of one person is not known, so single forms cannot be the units. For years and all years the cohorts "
    "are pooled in a random-effects model, with the interval of the pooled change; of a single cohort there is no "
    "interval. A cohort's level is that of its own people, and says nothing of other people.",
    "SD: of the forms of one session; of the mean ratings of one cohort's sessions, chance included; of the cohorts' "
    "true means, in the random-effects model.",
    "Other people may have come to later sessions than to the first, and a later session has another subject: a trend "
    "over sessions is not the change of any person, and does not say why ratings differ.",
)
RESPONSE = (
    "Response: forms with any rating, as % of the people present. The 95 % interval after Wilson is given for single "
    "sessions; over several, the same people answer each time, and it would be too narrow.",
    "Totals are over sessions of which both counts are known, and totals of years over cohorts whose total is shown. "
    "A rate above 100 is a wrong count, and is not corrected.",
    "Nobody is counted by name, neither on forms nor in the session log. So what people changed cannot be set beside "
    "how often they came.",
)
ADHERENCE = (
    "A cohort has one facilitator, so its figure would be about a person whom everybody knows. Cohorts are shown only "
    "if the facilitators agreed, and years only with several cohorts.",
    "Facilitators rate themselves; nobody else was there to check.",
)
IMPACT = (
    "The programme's own questions, not a standardised measure: people judged afterwards what had changed for them.",
    "% is of those who answered the item. A person counts once, with their answers after the programme if there are "
    "any.",
    "If everyone in a group chose one answer, the whole distribution is hidden: it would tell what each person said.",
)
IMPACT_SHARES = (
    "Which answers count as increased is said in the form's key, before anybody looks at results, and stands in the "
    "table of all answers.",
    "95 % interval: Wilson's, for the share of people. It treats people as independent, although members of a cohort "
    "influence each other, and is not widened for the number of items looked at.",
    "A share that would tell what everybody, or all but a few, answered is hidden.",
    "Role groups are over all years only, and only where enough people of enough schools are in each.",
)
THEMES = (
    "Two people sorted the comments. A comment counts under the themes that they settled on, or, where they settled "
    "nothing, under those that both gave.",
    "Comments are counted, not people: one person may have written several. A count is hidden where fewer people than "
    "the smallest count shown may have written them, and where all comments are of the theme.",
    "kappa (Cohen) and alpha (Krippendorff) say how far the two agreed before they settled anything: 1 is always, 0 no "
    "more than by chance. Of all comments together, alpha takes each set of themes for one answer, so that sets which "
    "overlap count as different.",
)
RELIABLE_CHANGE = (
    "A change counts when it is larger than error of measurement makes likely in somebody whose true score is the same "
    "(Jacobson and Truax 1991). The rules differ from score to score, and decide the result; they are given below.",
    "By error alone, 2 or 3 people in 100 would seem to have improved where z is 1.96, 5 where it is 1.645, and as "
    "many to have got worse. What counts as error depends on the reliability: one from a second test is mostly lower "
    "than alpha, and lets fewer changes count.",
    "% is of all people with a score at both times; where only one count is shown, the rest of n are in the others. "
    "Small counts are hidden, and what would give them away; a row is "
    "hidden whole where everybody changed alike. Cohorts are too small for this table.",
)
EXPECTED = (  # only where a rule says so
    "Where change is from the expected score: whoever is far from the mean is expected to come nearer to it by error "
    "alone, and only what goes beyond that counts as change."
)
RECOVERED = (  # only where a score has a cut-off
    "Recovered: improved so and crossed the cut-off. Improved: the same without crossing it, or where no cut-off is "
    "known. Got worse: as much the other way. Who was never in the clinical range cannot recover. n is the sum of all."
)


def rules(rows: pl.DataFrame) -> tuple[str, ...]:
    """A note on each rule, with its sources; `rows` have `instrument` and `subscale` as titles."""
    with_rule = rows.filter(pl.col("threshold").is_not_null())
    found = with_rule.select("instrument", "subscale", "rule").unique(maintain_order=True)
    return tuple(f"Rule of {title} ({score}): {rule}." for title, score, rule in found.rows())


def without_rule(rows: pl.DataFrame) -> tuple[str, ...]:
    """A note for each reason why scores have no rule; `rows` have `instrument` and `subscale` as titles."""
    of_one = rows.group_by("rule", "instrument", maintain_order=True).agg(
        pl.col("subscale").unique(maintain_order=True)
    )
    named = of_one.select("rule", one=pl.format("{} ({})", "instrument", pl.col("subscale").list.join(", ")))
    listed = named.group_by("rule", maintain_order=True).agg(pl.col("one").str.join("; "))
    return tuple(f"Not counted: {which}. The reason: {why}." for why, which in listed.rows())


RELIABILITY = (
    "alpha (Cronbach) and omega (McDonald, one factor, least squares): from 0, where the items have nothing in common, "
    "to 1, where all say the same. They are properties of these people's answers, not of the scale for good. 95 % "
    "interval: Feldt's, for alpha.",
    "Item-rest r: the correlation of one item with the sum of the others, here its mean over the items and the lowest, "
    "with the number of the item that has it. One near 0 or below may be keyed, asked or answered another way.",
    "From forms with an answer to every item; a person has one at a time. Nothing is made up for blanks, also where "
    "the score allows it. Fewer forms than the rule below asks for say next to nothing about a scale.",
    "The same people before and after are two rows that are not independent. n, and with it the interval, is hidden "
    "where beside the other tables it would say how few people answered only once.",
)
QUALITY = (
    "Rows in = stored + unchanged + held back + left out. Unchanged rows were in an earlier file already.",
    "Held back: rows that break a rule wait until somebody corrects them. Left out: rows that must not count, such as "
    "test rows and people without consent.",
    "Rows of questionnaires before and after, and of rosters, are hidden where they would tell how many people "
    "answered only once. The exact numbers are in the intake report, which stays with the programme.",
)
