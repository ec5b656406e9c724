"""Two editions of one questionnaire are never joined silently.

Every run scores all answers anew by the keys as they are. If a key's `version` was changed while answers to the edition
before are stored, these would be scored as if they had been given to the new one.
"""

from collections.abc import Mapping

from cfc_pipeline.errors import ConfigError
from cfc_pipeline.programme import Programme
from cfc_pipeline.warehouse.store import Connection
from schemas.instruments import Instrument

_STORED = """
    SELECT DISTINCT instrument, version FROM instrument SEMI JOIN answer_sheet USING (instrument) ORDER BY ALL
"""


def refuse_other_editions(con: Connection, programme: Programme, instruments: Mapping[str, Instrument]) -> None:
    """ConfigError where answers are stored under another version of a key, unless the programme says that its trend is
    broken by a change of version; charts and tables then say so."""
    stored = con.execute(_STORED).fetchall()
    said = {name for one in programme.breaks if one.what == "version" for name in (one.instruments or instruments)}
    changed = [
        f"{name}: answers are stored under version {was}, the key says {instruments[name].version}"
        for name, was in stored
        if name in instruments and instruments[name].version != was and name not in said
    ]
    if changed:
        raise ConfigError(
            "A scoring key has another version than the answers that are stored.",
            where="; ".join(changed),
            next_step="give the new edition a key with an id of its own; or, if answers to both compare, declare it in "
            "programme.yaml under `breaks` with `what: version`; nothing was taken in",
        )
