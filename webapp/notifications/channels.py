"""Ways to reach somebody, behind one call: `send(channel, address, message)`.

E-mail by SMTP, web push without a payload, SMS and Zalo through an operator's gateway. Where an instance has no
account, the demo writes what it would send into its own folder; elsewhere the channel is not offered.
"""

from __future__ import annotations

import base64
import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from webapp.config import Settings
from webapp.core import clock
from webapp.core.instance import instance
from webapp.notifications.models import CHANNELS, EMAIL, PUSH, SMS, ZALO
from webapp.notifications.words import Message, footer

TIMEOUT = 20  # seconds
PUSH_LIFE = 3 * 24 * 3600  # seconds for which a push service keeps a notice for a phone that is off
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class AddressGone(Exception):
    """Nobody can be reached there any more; the subscription is to be deleted."""


class NotSent(RuntimeError):
    """Could not be sent now. The message names no address."""


def offered(settings: Settings) -> tuple[str, ...]:
    """Channels that this instance can send through. Known without any secret, for the web holds none."""
    has = {
        EMAIL: bool(settings.mail_from) or settings.demo,
        PUSH: bool(settings.vapid_public_key),
        SMS: bool(settings.sms_url) or settings.demo,
        ZALO: bool(settings.zalo_url) or settings.demo,
    }
    return tuple(channel for channel in CHANNELS if has[channel])


def send(channel: str, address: str, message: Message) -> None:
    """Send one notice. Raises AddressGone or NotSent."""
    settings = instance().settings
    if channel == EMAIL:
        (_console if settings.mail_url.startswith("console:") else _mail)(settings, address, message)
    elif channel == PUSH:
        _push(settings, address)
    elif channel == SMS:
        _gateway(settings, settings.sms_url, settings.sms_token, address, message)
    elif channel == ZALO:
        _gateway(settings, settings.zalo_url, settings.zalo_token, address, message)
    else:
        raise NotSent(f"no channel {channel}")


# -- e-mail ----------------------------------------------------------------------------------------------------


def _mail(settings: Settings, address: str, message: Message) -> None:
    """By SMTP as MAIL_URL says: smtps://user:password@host:465, or smtp://host:587 with STARTTLS."""
    url = urlsplit(settings.mail_url)
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise NotSent("MAIL_URL must begin with smtp:// or smtps://")
    sender = settings.mail_from
    # Not the machine's own name, which smtplib would say.
    ours = urlsplit(settings.public_url).hostname or "localhost"
    secure = ssl.create_default_context()
    try:
        if url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                url.hostname, url.port or 465, ours, timeout=TIMEOUT, context=secure
            )
        else:
            server = smtplib.SMTP(url.hostname, url.port or 587, ours, timeout=TIMEOUT)
        with server:
            if url.scheme == "smtp" and url.hostname not in _LOOPBACK:
                server.starttls(context=secure)  # an address in the clear would tell who follows a case
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(letter(message, sender, address, ours), sender, [address])
    except smtplib.SMTPRecipientsRefused as refused:
        if all(500 <= code < 600 for code, _ in refused.recipients.values()):
            raise AddressGone from None
        raise NotSent("the mail server wants it later") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"mail: {type(error).__name__}") from None


def letter(message: Message, sender: str, address: str, host: str) -> EmailMessage:
    """The e-mail. One and the same Message-ID at each try, so that a repeated one is seen as the same."""
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = sender
    mail["To"] = address
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.key}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.lang
    below = ""
    if message.stop:
        mail["List-Unsubscribe"] = f"<{message.stop}>"  # RFC 8058: the reader's program posts to it
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        below = f"\n-- \n{footer(message)}\n"
    mail.set_content(f"{message.body}\n\n{message.link}\n{below}")
    return mail


# -- web push --------------------------------------------------------------------------------------------------


def push_allowed(settings: Settings, endpoint: str) -> bool:
    """Whether an endpoint lies with a push service that we know. It was sent by a page, so it may be anything."""
    try:
        url = urlsplit(endpoint)
        host, port = url.hostname or "", url.port
    except ValueError:
        return False
    known = any(host == h or (h.startswith(".") and host.endswith(h)) for h in settings.push_hosts)
    if not known or url.username is not None or len(endpoint) > 1000:
        return False
    return (url.scheme == "https" and port in (None, 443)) or (url.scheme == "http" and host in _LOOPBACK)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A known host must not send us on to an unknown one."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _push(settings: Settings, endpoint: str) -> None:
    """A push without a payload: the service worker's own neutral words are shown, and there is nothing to read on
    the way (RFC 8030, 8292)."""
    if not push_allowed(settings, endpoint):
        raise AddressGone
    headers = {
        "TTL": str(PUSH_LIFE),
        "Urgency": "normal",
        "Content-Length": "0",
        "Authorization": f"vapid t={vapid_token(settings, endpoint)}, k={settings.vapid_public_key}",
    }
    try:
        asked = urllib.request.Request(endpoint, data=b"", headers=headers, method="POST")  # noqa: S310 - checked above
        with _opener.open(asked, timeout=TIMEOUT):
            return
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in {404, 410}:
            raise AddressGone from None
        raise NotSent(f"push: {error.code}") from None
    except OSError as error:
        raise NotSent(f"push: {type(error).__name__}") from None


def vapid_token(settings: Settings, endpoint: str) -> str:
    """The signed word (JWT, ES256) by which a push service knows us, good for 12 hours at that service only."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    url = urlsplit(endpoint)
    subject = f"mailto:{settings.mail_from}" if settings.mail_from else settings.public_url
    claims = {"aud": f"{url.scheme}://{url.netloc}", "exp": int(time.time()) + 12 * 3600, "sub": subject}
    signed = b".".join(_b64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    secret = int.from_bytes(base64.urlsafe_b64decode(settings.vapid_private_key + "=="), "big")
    r, s = decode_dss_signature(ec.derive_private_key(secret, ec.SECP256R1()).sign(signed, ec.ECDSA(SHA256())))
    return (signed + b"." + _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


# -- SMS and Zalo ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that takes {"to", "text"} as JSON with a bearer token. A provider with another dialect is spoken to
    by a small bridge, or by a subclass with another `body`."""

    url: str
    token: str

    def body(self, address: str, message: Message) -> dict[str, Any]:
        """What is posted."""
        return {"to": address, "text": f"{message.body} {message.link}"}

    def send(self, address: str, message: Message) -> None:
        """Post one notice. Raises AddressGone for 404 and 410, NotSent for anything else but 2xx."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(self.body(address, message)).encode()
        try:
            asked = urllib.request.Request(self.url, data, headers, method="POST")  # noqa: S310 - the operator's
            with _opener.open(asked, timeout=TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in {404, 410}:
                raise AddressGone from None
            raise NotSent(f"gateway: {error.code}") from None
        except (OSError, ValueError) as error:
            raise NotSent(f"gateway: {type(error).__name__}") from None


def _gateway(settings: Settings, url: str, token: str, address: str, message: Message) -> None:
    if url:
        Gateway(url, token).send(address, message)
    else:
        _console(settings, address, message)


def _console(settings: Settings, address: str, message: Message) -> None:
    """The demo's twin of a real channel: a file in the instance's folder, so that the links can be tried."""
    if not settings.demo:
        raise NotSent("this channel has no account")
    folder = settings.home / "outbox"
    folder.mkdir(parents=True, exist_ok=True)
    text = f"To: {address}\nSubject: {message.subject}\n\n{message.body}\n\n{message.link}\n\n{footer(message)}\n"
    (folder / f"{message.key}.txt").write_text(text, "utf-8")
