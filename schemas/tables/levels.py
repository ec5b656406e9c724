"""Whom a row of results is about: one `cohort`, one academic `year` (everyone in it, as one group), or `all` years. In
`paired_change`, `pooled` is the random-effects estimate over cohorts."""

LEVELS = ("cohort", "year", "all", "pooled")
