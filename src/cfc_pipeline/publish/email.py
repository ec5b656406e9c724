"""The summary by email: the same findings as on the page, in HTML and in plain text, nothing attached. It goes to the
recipients in programme.yaml and nobody else, over an encrypted and verified connection, at most once for a release:
after a crash in the middle it is rather not sent than sent twice."""

import hashlib
import json
import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from cfc_pipeline.errors import EmailError
from cfc_pipeline.programme import ADDRESS, THIS_MACHINE, Programme, Smtp
from cfc_pipeline.publish.findings import academic_years, banners, findings, hidden_sentence, programme_name
from cfc_pipeline.publish.html import environment
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.release import release_name, sync
from cfc_pipeline.publish.written import as_written, plain

TIMEOUT = 30  # seconds for each answer of the mail server


class NotSent(EmailError):  # noqa: N818 # says what it is; it is not one more kind of error
    """Certainly nobody got the message, so that it may be tried again."""


def build_message(programme: Programme, tables: list[PublishedTable], release_id: str) -> EmailMessage:
    """The summary of a release. Same input, same bytes: date and Message-ID come from `release_id`."""
    if programme.email is None:
        raise EmailError(
            "No email is set up", where="programme.yaml", next_step="add an `email` section with sender, to and smtp"
        )
    written = [as_written(table) for table in tables]
    when, mark = _time_of(release_id), _mark(programme, release_id)
    values = _values(programme, written, release_id)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender = _address(programme.email.sender, "email.sender")
    message["To"] = [_address(text, f"email.to[{i}]") for i, text in enumerate(programme.email.to)]
    message["Subject"] = values["subject"]
    message["Date"] = when
    message["Message-ID"] = f"<{release_id}.{mark}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office replies away
    message.set_content(environment.get_template("email.txt.j2").render(values), cte="quoted-printable")
    html = environment.get_template("email.html.j2").render(values)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{mark}")
    return message


def save_preview(message: EmailMessage, path: Path) -> None:
    """Writes the message as an .eml file, which mail programs open."""
    path.write_bytes(message.as_bytes())


def send_once(
    programme: Programme, message: EmailMessage, release_id: str, environ: Mapping[str, str], *, now: datetime
) -> bool:
    """Sends the summary of a release unless that was done, or begun, before; True when it was sent now.

    The password comes from CFC_SMTP_PASSWORD; CFC_SMTP_CA names a file with the certificate authority of a mail server
    that the system does not know. Raises NotSent where certainly nobody got it, EmailError where somebody may have. No
    error holds an address, the password, or what the server answered.

    The marker is written, and flushed to the disk, before anything is sent. It is taken away again only when certainly
    nobody got the message, and an earlier attempt that ended in doubt is never repeated.
    """
    assert programme.email is not None, "build_message has refused a programme without email"
    smtp = programme.email.smtp
    marker = _marker(programme, release_id)
    if not _claim(marker, now):
        if was_sent(programme, release_id):
            return False
        raise EmailError(
            "An earlier attempt to send this summary ended in doubt, so it is not sent again",
            where=f"data/restricted/sent/{marker.name}",
            next_step="ask a recipient; if nobody has it, delete that file and run email again",
        )
    try:
        refused = _deliver(message, smtp, environ)
    except NotSent:
        marker.unlink()
        raise
    _write(marker, "sent", now)
    _owed(marker).unlink(missing_ok=True)
    _report_refused(refused, message, smtp)
    return True


def was_sent(programme: Programme, release_id: str) -> bool:
    """Whether the summary of a release has certainly gone out."""
    return _state(_marker(programme, release_id)) == "sent"


def owe(programme: Programme, release_id: str) -> None:
    """Note that the summary of a release is to go out, so that a later run makes up for one that could not send it."""
    marker = _marker(programme, release_id)
    marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _owed(marker).touch(mode=0o600)
    sync(marker.parent)


def is_owed(programme: Programme, release_id: str) -> bool:
    """Whether it is still to go out. One that may have arrived is not: a person has to ask first."""
    marker = _marker(programme, release_id)
    return _owed(marker).exists() and not marker.exists()


def _owed(marker: Path) -> Path:
    return marker.with_suffix(".owed")


def _marker(programme: Programme, release_id: str) -> Path:
    return programme.restricted / "sent" / f"{release_name(_time_of(release_id))}.json"


def _deliver(message: EmailMessage, smtp: Smtp, environ: Mapping[str, str]) -> int:
    """How many recipients were refused; the others have the message."""
    server = _connect(smtp, environ)
    try:
        return len(server.send_message(message))
    except smtplib.SMTPRecipientsRefused:
        raise _not_sent(smtp, "The mail server refused every recipient", "correct `email.to`") from None
    except smtplib.SMTPSenderRefused:
        raise _not_sent(smtp, "The mail server refused the sender", "correct `email.sender` or `smtp.user`") from None
    except (smtplib.SMTPDataError, smtplib.SMTPHeloError, smtplib.SMTPNotSupportedError):
        raise _not_sent(smtp, "The mail server refused the message", "ask who runs the mail server") from None
    except (smtplib.SMTPException, OSError):
        raise EmailError(
            "The connection broke while the summary was being sent; it may or may not have arrived",
            where=_where(smtp),
            next_step="ask a recipient before sending again",
        ) from None
    finally:
        # The message is accepted or refused by now; a server that is rude when we leave changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


def _connect(smtp: Smtp, environ: Mapping[str, str]) -> smtplib.SMTP:
    """An encrypted, verified and logged-in connection; every failure here is before anything was sent."""
    if smtp.security == "none" and smtp.host not in THIS_MACHINE:
        raise _not_sent(smtp, "Unencrypted email is for localhost only", "set `smtp.security` to starttls or tls")
    password = environ.get("CFC_SMTP_PASSWORD", "")
    if smtp.user and not password:
        raise _not_sent(smtp, "The password of the mail server is missing", "set CFC_SMTP_PASSWORD")
    try:
        context = ssl.create_default_context(cafile=environ.get("CFC_SMTP_CA") or None)
        if smtp.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    except (smtplib.SMTPException, OSError) as error:
        raise _unreachable(smtp, error) from None
    try:
        if smtp.security == "starttls":
            server.starttls(context=context)
        if smtp.user:
            _login(server, smtp, password)
    except (smtplib.SMTPException, OSError) as error:
        server.close()
        raise _unreachable(smtp, error) from None
    except NotSent:
        server.close()
        raise
    return server


def _login(server: smtplib.SMTP, smtp: Smtp, password: str) -> None:
    assert smtp.user
    try:
        server.login(smtp.user, password)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPServerDisconnected):  # some servers just hang up
        raise _not_sent(smtp, "The mail server refused the login", "check `smtp.user` and CFC_SMTP_PASSWORD") from None


def _unreachable(smtp: Smtp, error: Exception) -> NotSent:
    """Which of the few things it is; what the server said is left out, because servers repeat what they were told."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_sent(
            smtp, "The certificate of the mail server is not trusted", "check the host, or set CFC_SMTP_CA"
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _not_sent(smtp, "The mail server does not offer STARTTLS or a login", "check `smtp.port` and `security`")
    return _not_sent(smtp, "The mail server cannot be reached safely", "check `smtp.host`, `port` and `security`")


def _not_sent(smtp: Smtp, what: str, next_step: str) -> NotSent:
    return NotSent(f"{what}; nothing was sent", where=_where(smtp), next_step=f"{next_step}, then run email again")


def _report_refused(refused: int, message: EmailMessage, smtp: Smtp) -> None:
    if refused:
        everybody = len(message["To"].addresses)
        raise EmailError(
            f"The mail server refused {refused} of {everybody} recipients; the others have the summary",
            where=_where(smtp),
            next_step="correct `email.to` in programme.yaml",
        )


def _where(smtp: Smtp) -> str:
    return f"{smtp.host}:{smtp.port}, {smtp.security}"


def _values(programme: Programme, tables: list[PublishedTable], release_id: str) -> dict[str, object]:
    assert programme.email is not None
    sender = _address(programme.email.sender, "email.sender")
    return {
        "sender": sender.display_name or sender.addr_spec,
        "programme": programme_name(programme),
        "subject": plain(f"{'[SYNTHETIC] ' if programme.synthetic else ''}{programme.email.subject}"),
        "years": academic_years(programme),
        "release_id": release_id,
        "banners": banners(programme, tables),
        "findings": findings(tables),
        "hidden": hidden_sentence(tables),
    }


def _address(text: str, setting: str) -> Address:
    """One address, with or without a name in front; anything else is refused, above all a line break."""
    match = ADDRESS.fullmatch(text)
    if match is None:
        raise EmailError(
            "An email address cannot be used",
            where=f"programme.yaml, {setting}",
            next_step="write name@example.org, or Name <name@example.org>",
        )
    return Address(match["name"] or "", addr_spec=match["in_brackets"] or match["bare"])


def _time_of(release_id: str) -> datetime:
    try:
        return datetime.strptime(release_id, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise EmailError(
            "There is no such release", where="release id", next_step="run publish first, then email"
        ) from None


def _mark(programme: Programme, release_id: str) -> str:
    return hashlib.sha256(f"{programme.name}\n{release_id}".encode()).hexdigest()[:24]


def _claim(marker: Path, now: datetime) -> bool:
    """True when this run is the first to try; the marker is on the disk before it says so."""
    marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    os.close(handle)
    _write(marker, "sending", now)
    return True


def _write(marker: Path, state: str, now: datetime) -> None:
    with marker.open("w", encoding="utf-8") as file:
        json.dump({"state": state, "at": now.astimezone(UTC).isoformat(timespec="seconds")}, file)
        file.flush()
        os.fsync(file.fileno())
    sync(marker.parent)


def _state(marker: Path) -> str:
    """A marker that is not there, or is unreadable because its writer was killed, does not say that it was sent."""
    try:
        return str(json.loads(marker.read_text(encoding="utf-8"))["state"])
    except (OSError, ValueError, KeyError, TypeError):
        return "sending"
