"""What an analyst would write in an afternoon: read the export, score it, pair before with after, average.

No checks, no privacy, no duplicates, no database, no tables to publish: the least that any program has to do to get the
same figures. It shares nothing with cfc_pipeline and takes whatever the files say. Prints mean and SD before and after
and the mean change, by cohort and for everyone, and as its last line every measure's mean change over all people, as
JSON.
"""

import json
import sys
from pathlib import Path

import pandas as pd

FORMS = ("ceas_self", "ceas_to_others", "ceas_from_others")
SUBSCALES = {"engagement": (1, 2, 4, 5, 6, 8), "action": (9, 10, 12, 13)}
SUBSCALES["total"] = SUBSCALES["engagement"] + SUBSCALES["action"]


def main(inbox: Path) -> None:
    """`inbox` holds one roster and one Qualtrics export of three header rows."""
    (roster,), (export,) = inbox.glob("*roster*"), inbox.glob("*export*")
    cohorts = pd.read_csv(roster, usecols=["Code", "Cohort"])
    answers = pd.read_csv(export, skiprows=[1, 2])
    scores = answers[["ExternalReference", "wave"]].copy()
    for form in FORMS:
        for subscale, items in SUBSCALES.items():
            columns = [f"{form}_{item}" for item in items]
            scores[f"{form}/{subscale}"] = answers[columns].sum(axis=1, skipna=False)
    before, after = (scores[scores["wave"] == wave].drop(columns="wave") for wave in ("pre", "post"))
    people = cohorts.merge(before, left_on="Code", right_on="ExternalReference")
    people = people.merge(after, on="ExternalReference", suffixes=("", " after"))
    measures = list(scores.columns[2:])
    for measure in measures:
        people[f"{measure} change"] = people[f"{measure} after"] - people[measure]
    figures = people.drop(columns=["Code", "ExternalReference"]).groupby("Cohort").agg(["mean", "std"])
    print(figures.round(2).to_string())
    overall = people[[f"{measure} change" for measure in measures]].mean()
    print(json.dumps(dict(zip(measures, overall, strict=True))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
