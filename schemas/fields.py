"""What a roster and a session log may say: our field, and what it means. programme.yaml maps columns to these."""

ROSTER = {
    "email": "Address of the person. Every roster needs this or `code`.",
    "previous_email": "An address that the person had before; what was sent in under it is theirs. Several: commas.",
    "code": "Code that the programme gave the person.",
    "name": "Full name; only used to redact free text.",
    "nickname": "What colleagues call the person; only used to redact free text.",
    "school": "School of the person; kept as a pseudonym. Required: figures need a number of schools behind them.",
    "trust": "Trust or federation of the school; only used to redact free text.",
    "town": "Town or village of the school or the person; only used to redact free text.",
    "cohort": "Cohort's id, or a text that `values` explains. Required unless the entry's own `cohort` names one.",
    "role": "Role group, such as head or deputy.",
    "phase": "Phase of the school.",
    "region": "Region of the school.",
    "consent": "Whether the person agreed to the evaluation. Required unless the entry says `consent: not_needed`.",
    "consent_date": "When the person agreed.",
    "consent_version": "Which wording of the agreement; `policy: consent_versions` says which of them count.",
    "consent_sharing": "Whether the person agreed that answers, without name, are passed on for other analyses.",
    "consent_quotes": "Whether the person agreed that comments, without names, are quoted. If not, none is kept.",
    "withdrawn_on": "When the person withdrew; empty for everyone else.",
    "sessions_attended": "How many sessions the person came to; written at the end, as a whole number.",
}

SESSION_LOG = {
    "session": "Number of the session. Required unless the entry's own `session` says it.",
    "held_on": "Day of the session.",
    "attendance": "How many people were there.",
    "practices": "Practices used.",
    "adherence": "Facilitator's rating of adherence to the manual, 0 to 100.",
}

YES_OR_NO = ("consent", "consent_sharing", "consent_quotes")
CONSENT_MEANINGS = ("yes", "no")

# Fields whose cells are days, and fields whose cells are numbers; the others are texts.
DAYS = ("consent_date", "withdrawn_on", "held_on")
NUMBERS = ("session", "attendance", "adherence", "sessions_attended")
