"""Reliable and clinically significant change after Jacobson & Truax 1991, doi 10.1037/0022-006X.59.1.12.

The reliability, the SD and z decide the result, so a rule holds them with their sources and there are no defaults: an
instrument without a published reliability (CEAS, for example) has no such result. The original text was not read for
this project; its arithmetic was checked against published worked figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cfc_pipeline.outcomes.formulas import Floats


@dataclass(frozen=True)
class Rule:
    """How much change is more than error of measurement, and on whose word."""

    sd: float
    sd_source: str
    reliability: float
    reliability_source: str  # also whether it is alpha or test-retest
    z: float  # 1.96 for 95 %; CORE uses 1.645

    def __post_init__(self) -> None:
        if not (self.sd > 0 and 0 <= self.reliability < 1 and self.z > 0):
            raise ValueError("a rule needs an SD and a z above 0 and a reliability from 0 to below 1")
        if not (self.sd_source.strip() and self.reliability_source.strip()):
            raise ValueError("a rule needs the sources of its SD and its reliability")

    @property
    def error_of_difference(self) -> float:
        return float(self.sd * np.sqrt(2 * (1 - self.reliability)))

    @property
    def threshold(self) -> float:
        """A change must be larger than this."""
        return self.z * self.error_of_difference


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
) -> NDArray[np.str_]:
    """recovered, improved, unchanged, deteriorated or harmed, for each person; without a cut-off nobody is recovered or
    harmed.

    After Jacobson and Truax all inequalities are strict: a score on the cut-off is on neither side of it. With
    `at_least`, as thresholds and cut-offs in whole points are published, a change of the threshold is reliable, and a
    score on the cut-off is that of a case.
    """
    better, near = (1.0 if higher_is_better else -1.0), (-_ROUNDING if at_least else _ROUNDING)
    start, end, change = better * before, better * after, better * (after - before)
    edge = np.nan if cut_off is None else better * cut_off  # nothing is above or below NaN
    up, down = change > threshold + near, -change > threshold + near
    case_before, case_after = (score < edge - near for score in (start, end))
    well_before, well_after = (score > edge + _ROUNDING for score in (start, end))
    found = [up & case_before & well_after, up, down & well_before & case_after, down]
    return np.select(found, ["recovered", "improved", "harmed", "deteriorated"], "unchanged")
