"""What the answers add up to, before anything is hidden. For analysts; releases are made from these by disclosure/. A
file for each subject; `level` says whom a row is about, see levels.py."""

from schemas.tables.changes import (
    AttendanceChange,
    AttendanceSupport,
    EffectSizes,
    MixedModel,
    PairedChange,
    PairedSupport,
)
from schemas.tables.flow import Attrition, AttritionSupport, ResponseFlow
from schemas.tables.impact import ImpactDistribution, ImpactShare, ThemeAgreement, ThemeCount
from schemas.tables.levels import LEVELS
from schemas.tables.quality import FATES, DataQuality
from schemas.tables.scales import Reliability, ReliableChange
from schemas.tables.sessions import FeedbackSummary, SessionAdherence, SessionResponse, SessionTrend

__all__ = [
    "FATES",
    "LEVELS",
    "AttendanceChange",
    "AttendanceSupport",
    "Attrition",
    "AttritionSupport",
    "DataQuality",
    "EffectSizes",
    "FeedbackSummary",
    "ImpactDistribution",
    "ImpactShare",
    "MixedModel",
    "PairedChange",
    "PairedSupport",
    "Reliability",
    "ReliableChange",
    "ResponseFlow",
    "SessionAdherence",
    "SessionResponse",
    "SessionTrend",
    "ThemeAgreement",
    "ThemeCount",
]
