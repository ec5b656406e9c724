"""publish/email.py against a real mail server with TLS, its own certificate authority and a login."""

import email
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cfc_pipeline.errors import EmailError
from cfc_pipeline.programme import Smtp
from cfc_pipeline.publish.email import NotSent, build_message, is_owed, owe, save_preview, send_once
from tests.published import flow, outcomes, programme, ratings, table

RELEASE = "2026-11-20T030005Z"
NOW = datetime(2026, 11, 20, 3, 1, tzinfo=UTC)
PASSWORD = "canary-password"


class Mailbox:
    """Accepts mail, except for refused@..., and keeps it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("refused@"):
            return "550 canary-answer no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if b"X-Break" in envelope.content:
            session.peer = None
            server.transport.abort()
        self.messages.append(envelope)
        return "250 OK"


def _login(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    right = (data.login, data.password) == (b"team", PASSWORD.encode())
    return AuthResult(success=right, handled=False)  # not handled: the server answers 535 by itself


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.pem, and server.pem for localhost signed by it."""
    folder = tmp_path_factory.mktemp("tls")
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's authority")])
    ca = _certificate(issuer, issuer, authority, authority).add_extension(x509.BasicConstraints(True, 0), critical=True)
    ca = ca.add_extension(
        x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    server = _certificate(subject, issuer, key, authority).add_extension(names, critical=False)
    server = server.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(authority, hashes.SHA256()).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(server.sign(authority, hashes.SHA256()).public_bytes(pem) + private)
    return folder


def _certificate(subject: Any, issuer: Any, key: Any, signer: Any) -> x509.CertificateBuilder:
    today = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
    )


@pytest.fixture
def environ(certificates: Path) -> dict[str, str]:
    return {"CFC_SMTP_PASSWORD": PASSWORD, "CFC_SMTP_CA": str(certificates / "ca.pem")}


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def _server_side(certificates: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    return context


@pytest.fixture
def starttls(mailbox: Mailbox, certificates: Path) -> Iterator[Smtp]:
    yield from _running(
        Controller(
            mailbox,
            hostname="127.0.0.1",
            port=_free_port(),
            tls_context=_server_side(certificates),
            require_starttls=True,
            auth_required=True,
            authenticator=_login,
        ),
        "starttls",
    )


@pytest.fixture
def tls(mailbox: Mailbox, certificates: Path) -> Iterator[Smtp]:
    context = _server_side(certificates)
    yield from _running(Controller(mailbox, hostname="127.0.0.1", port=_free_port(), ssl_context=context), "tls")


@pytest.fixture
def unencrypted(mailbox: Mailbox) -> Iterator[Smtp]:
    yield from _running(Controller(mailbox, hostname="127.0.0.1", port=_free_port()), "none")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _running(controller: Controller, security: str) -> Iterator[Smtp]:
    controller.start()
    try:
        user = "team" if security == "starttls" else None
        yield Smtp(host="localhost", port=controller.port, security=security, user=user)  # type: ignore[arg-type]
    finally:
        controller.stop()


def _there(folder: Path, smtp: Smtp, to: list[str] | None = None) -> Any:
    there = programme(folder)
    assert there.email is not None
    update: dict[str, Any] = {"smtp": smtp} | ({"to": to} if to else {})
    return there.model_copy(update={"email": there.email.model_copy(update=update)})


def _message(there: Any) -> Any:
    return build_message(there, [flow(), outcomes(), ratings(), table()], RELEASE)


def _sent(folder: Path, smtp: Smtp, environ: dict[str, str]) -> bool:
    there = _there(folder, smtp)
    return send_once(there, _message(there), RELEASE, environ, now=NOW)


def test_the_summary_says_what_the_page_says_in_both_forms(tmp_path: Path) -> None:
    message = _message(programme(tmp_path))
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for sentence in (
        "91 people enrolled, 85 agreed to the evaluation",
        "mean change +2.90 points (95 % interval 1.60 to 4.20); 72 people in 9 cohorts",
        "SYNTHETIC DATA",
        "releases/2026-11-20T030005Z/index.html",
    ):
        assert sentence in text
        assert sentence in html
    assert not list(message.iter_attachments())
    assert message["Subject"] == "[SYNTHETIC] Programme summary"
    assert [a.addr_spec for a in message["To"].addresses] == ["head@example.org", "trustee@example.org"]


def test_the_same_release_makes_the_same_bytes_with_its_own_date(tmp_path: Path) -> None:
    message = _message(programme(tmp_path))
    assert message.as_bytes() == _message(programme(tmp_path)).as_bytes()
    assert message["Date"].datetime == datetime(2026, 11, 20, 3, 0, 5, tzinfo=UTC)
    assert message["Message-ID"].startswith(f"<{RELEASE}.")


def test_the_preview_is_a_message_that_mail_programs_read(tmp_path: Path) -> None:
    save_preview(_message(programme(tmp_path)), tmp_path / "summary.eml")
    read = email.message_from_bytes((tmp_path / "summary.eml").read_bytes(), policy=email.policy.default)
    assert read.get_content_type() == "multipart/alternative"
    assert "91 people enrolled" in read.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_without_an_email_section_or_a_release_nothing_is_built(tmp_path: Path) -> None:
    with pytest.raises(EmailError, match="No email is set up"):
        build_message(programme(tmp_path, email=False), [], RELEASE)
    with pytest.raises(EmailError, match="no such release"):
        build_message(programme(tmp_path), [], "none")


def test_it_arrives_over_starttls_with_a_login(
    tmp_path: Path, starttls: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    assert _sent(tmp_path, starttls, environ)
    assert [m.rcpt_tos for m in mailbox.messages] == [["head@example.org", "trustee@example.org"]]
    assert mailbox.messages[0].mail_from == "team@example.org"
    assert b"91 people enrolled" in mailbox.messages[0].content


def test_it_arrives_over_tls_and_unencrypted_on_localhost(
    tmp_path: Path, tls: Smtp, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    for smtp in (tls, unencrypted):
        assert _sent(tmp_path / str(smtp.port), smtp, environ)
    assert len(mailbox.messages) == 2


def _refused(folder: Path, smtp: Smtp, environ: dict[str, str], what: str) -> None:
    with pytest.raises(NotSent, match=what) as caught:
        _sent(folder, smtp, environ)
    said = repr(caught.value) + str(caught.value) + str(caught.value.__cause__)
    for secret in (PASSWORD, "wrong-canary", "canary-answer", "head@example.org"):
        assert secret not in said
    assert caught.value.exit_code == 18


def test_a_wrong_or_missing_password_sends_nothing(
    tmp_path: Path, starttls: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    _refused(tmp_path, starttls, environ | {"CFC_SMTP_PASSWORD": "wrong-canary"}, "refused the login")
    _refused(tmp_path, starttls, environ | {"CFC_SMTP_PASSWORD": ""}, "password of the mail server is missing")
    assert mailbox.messages == []


def test_an_unknown_certificate_sends_nothing(
    tmp_path: Path, starttls: Smtp, tls: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    without = {"CFC_SMTP_PASSWORD": PASSWORD}
    for smtp in (starttls, tls):
        _refused(tmp_path, smtp, without, "certificate of the mail server is not trusted")
    assert mailbox.messages == []


def test_a_server_without_starttls_gets_neither_password_nor_message(
    tmp_path: Path, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    smtp = unencrypted.model_copy(update={"security": "starttls", "user": "team"})
    _refused(tmp_path, smtp, environ, "does not offer STARTTLS")
    assert mailbox.messages == []


def test_unencrypted_is_for_localhost_only_and_a_dead_server_is_said(tmp_path: Path, environ: dict[str, str]) -> None:
    _refused(tmp_path, Smtp(host="mail.example.org", security="none"), environ, "localhost only")
    _refused(tmp_path, Smtp(host="127.0.0.1", port=1, security="none"), environ, "cannot be reached")
    _refused(tmp_path, Smtp(host="127.0.0.1", port=1), {"CFC_SMTP_CA": "/nowhere"}, "cannot be reached")


def test_a_refused_recipient_is_counted_not_named(
    tmp_path: Path, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    there = _there(tmp_path, unencrypted, ["head@example.org", "refused@example.org"])
    with pytest.raises(EmailError, match="1 of 2 recipients") as caught:
        send_once(there, _message(there), RELEASE, environ, now=NOW)
    assert not isinstance(caught.value, NotSent)
    assert "refused@" not in str(caught.value)
    assert send_once(there, _message(there), RELEASE, environ, now=NOW) is False  # the other one has it
    assert len(mailbox.messages) == 1
    nobody = _there(tmp_path / "other", unencrypted, ["refused@example.org"])
    with pytest.raises(NotSent, match="refused every recipient"):
        send_once(nobody, _message(nobody), RELEASE, environ, now=NOW)


def test_once_is_once_for_each_release(
    tmp_path: Path, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    there = _there(tmp_path, unencrypted)
    assert send_once(there, _message(there), RELEASE, environ, now=NOW) is True
    assert send_once(there, _message(there), RELEASE, environ, now=NOW) is False
    owe(there, RELEASE)
    assert not is_owed(there, RELEASE)
    assert send_once(there, _message(there), "2026-11-21T030005Z", environ, now=NOW) is True
    assert len(mailbox.messages) == 2
    marker = tmp_path / "data" / "restricted" / "sent" / f"{RELEASE}.json"
    assert json.loads(marker.read_text())["state"] == "sent"
    assert marker.stat().st_mode & 0o077 == 0
    assert marker.parent.stat().st_mode & 0o077 == 0


def test_what_certainly_did_not_leave_may_be_tried_again(
    tmp_path: Path, starttls: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    there = _there(tmp_path, starttls)
    owe(there, RELEASE)
    with pytest.raises(NotSent):
        send_once(there, _message(there), RELEASE, environ | {"CFC_SMTP_PASSWORD": "wrong"}, now=NOW)
    assert is_owed(there, RELEASE)
    assert send_once(there, _message(there), RELEASE, environ, now=NOW) is True
    assert not is_owed(there, RELEASE)
    assert len(mailbox.messages) == 1


def test_a_connection_that_breaks_while_sending_is_never_tried_again_by_itself(
    tmp_path: Path, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str]
) -> None:
    there = _there(tmp_path, unencrypted)
    broken = _message(there)
    broken["X-Break"] = "yes"
    with pytest.raises(EmailError, match="may or may not have arrived"):
        send_once(there, broken, RELEASE, environ, now=NOW)
    for _ in range(2):
        with pytest.raises(EmailError, match="ended in doubt"):
            send_once(there, _message(there), RELEASE, environ, now=NOW)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("left", ["", '{"state": "sending"}', "{", "[]"])
def test_a_run_killed_in_the_middle_is_in_doubt(
    tmp_path: Path, unencrypted: Smtp, mailbox: Mailbox, environ: dict[str, str], left: str
) -> None:
    there = _there(tmp_path, unencrypted)
    marker = there.restricted / "sent" / f"{RELEASE}.json"
    marker.parent.mkdir(parents=True)
    marker.write_text(left)
    with pytest.raises(EmailError, match="ended in doubt"):
        send_once(there, _message(there), RELEASE, environ, now=NOW)
    assert mailbox.messages == []


def test_a_release_id_cannot_point_elsewhere(tmp_path: Path, environ: dict[str, str]) -> None:
    there = programme(tmp_path)
    with pytest.raises(EmailError, match="no such release"):
        send_once(there, _message(there), "../../outside", environ, now=NOW)
    assert list(tmp_path.iterdir()) == []
