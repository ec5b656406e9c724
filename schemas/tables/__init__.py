"""Contracts of every stored table, by name."""

from schemas.tables.answers import (
    AnswerSheet,
    Comment,
    CommentCode,
    ItemAnswer,
    Response,
    ScaleScore,
    ScoreSheet,
    SessionFeedback,
    Theme,
)
from schemas.tables.contract import DUCKDB_TYPES, Table, column, label, polars_schema
from schemas.tables.forms import FormQuestion, FormVersion, TrendBreak, Unanswered
from schemas.tables.people import TIME_POINTS, Cohort, Link, Participant, Session
from schemas.tables.reference import DataDictionary, Instrument, Item, PipelineRun
from schemas.tables.results import (
    FATES,
    Attrition,
    AttritionSupport,
    DataQuality,
    FeedbackSummary,
    ImpactDistribution,
    ImpactShare,
    PairedChange,
    PairedSupport,
    Reliability,
    ReliableChange,
    ResponseFlow,
    SessionAdherence,
    SessionResponse,
    SessionTrend,
    ThemeAgreement,
    ThemeCount,
)

TABLES: dict[str, type[Table]] = {
    "cohort": Cohort,
    "participant": Participant,
    "link": Link,
    "session": Session,
    "response": Response,
    "answer_sheet": AnswerSheet,
    "item_answer": ItemAnswer,
    "unanswered": Unanswered,
    "score_sheet": ScoreSheet,
    "scale_score": ScaleScore,
    "session_feedback": SessionFeedback,
    "comment": Comment,
    "theme": Theme,
    "comment_code": CommentCode,
    "paired_change": PairedChange,
    "paired_support": PairedSupport,
    "response_flow": ResponseFlow,
    "attrition": Attrition,
    "attrition_support": AttritionSupport,
    "feedback_summary": FeedbackSummary,
    "session_trend": SessionTrend,
    "session_response": SessionResponse,
    "session_adherence": SessionAdherence,
    "impact_distribution": ImpactDistribution,
    "impact_share": ImpactShare,
    "theme_count": ThemeCount,
    "theme_agreement": ThemeAgreement,
    "reliability": Reliability,
    "reliable_change": ReliableChange,
    "data_quality": DataQuality,
    "form_version": FormVersion,
    "form_question": FormQuestion,
    "trend_break": TrendBreak,
    "instrument": Instrument,
    "item": Item,
    "data_dictionary": DataDictionary,
    "pipeline_run": PipelineRun,
}

__all__ = ["DUCKDB_TYPES", "FATES", "TABLES", "TIME_POINTS", "Table", "column", "label", "polars_schema"]
