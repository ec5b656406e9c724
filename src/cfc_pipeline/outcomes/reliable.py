"""Reliable and clinically significant change after Jacobson & Truax 1991, doi 10.1037/0022-006X.59.1.12, and by three
methods that expect whoever is far from the mean to come nearer to it by error alone.

The method, the reliability, the SD and z decide the result, so a rule holds them with their sources and there are no
defaults: an instrument without a published reliability (CEAS, for example) has no such result. The original texts were
not read for this project; the arithmetic was checked against published worked figures and another program's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cfc_pipeline.outcomes.formulas import Floats
from cfc_pipeline.programme import ReliableMethod


@dataclass(frozen=True)
class Rule:
    """How much change is more than error of measurement, and on whose word.

    Methods that expect scores to near the mean: Gulliksen, Lord & Novick as in Hsu 1989 (Behavioral Assessment 11:459);
    Edwards & Nunnally as in Speer 1992, doi 10.1037/0022-006X.60.3.402; Nunnally & Kotsch 1983,
    doi 10.1111/j.2044-8260.1983.tb00582.x, with one reliability for both times. Those that take the group's own later
    mean, SD or correlation (Hsu, Linn & Nord; Hageman & Arrindell; mixed models) are not here: of ten people these are
    noise, and what one person counts as would hang on the answers of the others.
    """

    sd: float
    sd_source: str
    reliability: float
    reliability_source: str  # also whether it is alpha or test-retest
    z: float  # 1.96 for 95 %; CORE uses 1.645
    method: ReliableMethod = "jacobson_truax"
    mean: float | None = None  # that scores are expected to move towards

    def __post_init__(self) -> None:
        if not (self.sd > 0 and 0 <= self.reliability < 1 and self.z > 0):
            raise ValueError("a rule needs an SD and a z above 0 and a reliability from 0 to below 1")
        if not (self.sd_source.strip() and self.reliability_source.strip()):
            raise ValueError("a rule needs the sources of its SD and its reliability")
        if (self.mean is None) != (self.method == "jacobson_truax"):
            raise ValueError("a mean is needed by every method but that of Jacobson and Truax")

    @property
    def error_of_difference(self) -> float:
        """How far a second score is from the expected one by error alone."""
        r = self.reliability
        variances: dict[ReliableMethod, float] = {
            "jacobson_truax": 2 * (1 - r),
            "gulliksen_lord_novick": 1 - r**2,
            "edwards_nunnally": 1 - r,
            "nunnally_kotsch": (1 + r**2) * (1 - r),
        }
        return float(self.sd * np.sqrt(variances[self.method]))

    @property
    def threshold(self) -> float:
        """A change must be larger than this."""
        return self.z * self.error_of_difference

    def expected(self, before: Floats) -> Floats:
        """The second scores of people whose true scores have not changed."""
        return before if self.mean is None else self.mean + self.reliability * (before - self.mean)


@dataclass(frozen=True)
class CutOffs:
    """a: two SDs from the clinical mean; b: two SDs from the functional mean; c: between the two."""

    a: float
    b: float
    c: float


def cut_offs(clinical_mean: float, clinical_sd: float, functional_mean: float, functional_sd: float) -> CutOffs:
    """b by the functional SD. The R package clinicalsignificance (863dc77) takes the clinical one, which looks like a
    mistake."""
    towards = 1 if functional_mean > clinical_mean else -1
    between = clinical_sd * functional_mean + functional_sd * clinical_mean
    return CutOffs(
        a=clinical_mean + towards * 2 * clinical_sd,
        b=functional_mean - towards * 2 * functional_sd,
        c=between / (clinical_sd + functional_sd),
    )


_ROUNDING = 1e-9  # of a score point: a difference of thirds is no reason to have changed or not


def categories(
    before: Floats,
    after: Floats,
    threshold: float,
    *,
    higher_is_better: bool,
    cut_off: float | None = None,
    at_least: bool = False,
    expected: Floats | None = None,
) -> NDArray[np.str_]:
    """recovered, improved, unchanged, deteriorated or harmed, for each person; without a cut-off nobody is recovered or
    harmed. Change is counted from the score before, or from the `expected` one.

    After Jacobson and Truax all inequalities are strict: a score on the cut-off is on neither side of it. With
    `at_least`, as thresholds and cut-offs in whole points are published, a change of the threshold is reliable, and a
    score on the cut-off is that of a case.
    """
    better, near = (1.0 if higher_is_better else -1.0), (-_ROUNDING if at_least else _ROUNDING)
    start, end, change = better * before, better * after, better * (after - (before if expected is None else expected))
    edge = np.nan if cut_off is None else better * cut_off  # nothing is above or below NaN
    up, down = change > threshold + near, -change > threshold + near
    case_before, case_after = (score < edge - near for score in (start, end))
    well_before, well_after = (score > edge + _ROUNDING for score in (start, end))
    found = [up & case_before & well_after, up, down & well_before & case_after, down]
    return np.select(found, ["recovered", "improved", "harmed", "deteriorated"], "unchanged")
