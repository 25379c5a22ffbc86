"""Sign-in through an organisation's own service, played by a small one on this machine."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import factories
from tests.integration.staff import PEOPLE, field, people
from webapp.accounts import oidc
from webapp.accounts import people as accounts
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import history

SECRET = "bi-mat-cua-dich-vu"


class Provider(ThreadingHTTPServer):
    """An OpenID provider that says about the person whatever a test puts into `claims`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key, self.foreign = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.sign_with = self.key
        self.broken = False

    def id_token(self) -> str:
        now = int(clock.now().timestamp())
        usual = {"iss": self.issuer, "aud": "dgs", "sub": "s-1", "exp": now + 300, "iat": now}
        claims = usual | {"nonce": self.asked["nonce"]} | self.claims
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.sign_with)


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        base = self.server.issuer
        if self.path == "/.well-known/openid-configuration":
            self._say({
                "issuer": base, "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/keys",
            })  # fmt: skip
        else:
            self._say({"keys": [self.server.key.as_dict(private=False)]})

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        proof = base64.urlsafe_b64encode(hashlib.sha256(body["code_verifier"][0].encode()).digest()).rstrip(b"=")
        basic = base64.b64encode(f"dgs:{SECRET}".encode()).decode()
        right = (
            body["code"] == ["the-code"]
            and proof.decode() == self.server.asked["code_challenge"]
            and self.headers["Authorization"] == f"Basic {basic}"
        )
        if self.server.broken or not right:
            self._say({"error": "invalid_grant"}, 400)
        else:
            self._say({"access_token": "x", "token_type": "Bearer", "id_token": self.server.id_token()})

    def _say(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    oidc._discover.cache_clear()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(settings: Any, provider: Provider) -> Any:
    return dataclasses.replace(
        settings, oidc_issuer=provider.issuer, oidc_client_id="dgs", oidc_client_secret=SECRET, oidc_name="Sổ cán bộ"
    )


def go(client: Any, provider: Provider, **claims: Any) -> Any:
    """Click the button, be confirmed by the provider, come back, go on."""
    started = client.get("/auth/oidc?next=/desk")
    assert started.status_code == 302
    asked = parse_qs(urlsplit(started.headers["Location"]).query)
    provider.asked = {name: values[0] for name, values in asked.items()}
    provider.claims = claims
    assert provider.asked["redirect_uri"] == "http://127.0.0.1:8000/auth/oidc/callback"
    assert provider.asked["code_challenge_method"] == "S256"
    back = client.get(f"/auth/oidc/callback?code=the-code&state={provider.asked['state']}")
    assert back.status_code == 200
    token = field(back.text, "csrf_token")
    data = {"csrf_token": token, "code": field(back.text, "code"), "state": field(back.text, "state")}
    return client.post("/auth/oidc/callback", data=data)


def verified(name: str) -> dict[str, Any]:
    return {"email": PEOPLE[name][0].upper(), "email_verified": True}


def test_the_account_is_found_by_its_address_and_bound(client: Any, session: Any, provider: Provider) -> None:
    people("commune")
    assert "Sổ cán bộ" in client.get("/auth/login").text
    response = go(client, provider, **verified("commune"))
    assert (response.status_code, response.headers["Location"]) == (303, "/desk")
    assert client.get("/desk").status_code == 200
    user = accounts.by_email(PEOPLE["commune"][0])
    assert user
    assert user.oidc_subject == f"{provider.issuer} s-1"
    assert [e.kind for e in history("audit")] == ["user:bound"]
    client.delete_cookie("dgs")
    assert go(client, provider, email="new@address.vn", email_verified=True).status_code == 303, "the subject counts"
    client.delete_cookie("dgs")
    stolen = go(client, provider, sub="s-2", **verified("commune"))
    assert stolen.status_code == 403, "an account that is bound is not found by its address any more"


def test_somebody_invited_needs_no_password(client: Any, session: Any, provider: Provider) -> None:
    factories.user(*PEOPLE["commune"]).password = ""
    assert go(client, provider, **verified("commune")).status_code == 303
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nobody@dgs.test", "email_verified": True},
        {"email": PEOPLE["commune"][0], "email_verified": False},
        {"email": PEOPLE["commune"][0], "email_verified": "true"},
        {"email": PEOPLE["commune"][0]},
        {},
    ],
)
def test_no_account_is_made_and_none_is_guessed(
    client: Any, session: Any, provider: Provider, claims: dict[str, Any]
) -> None:
    people("commune")
    assert go(client, provider, **claims).status_code == 403
    assert client.get("/desk").status_code == 302


def test_switched_off_is_switched_off(client: Any, session: Any, provider: Provider) -> None:
    people("commune")
    user = accounts.by_email(PEOPLE["commune"][0])
    assert user
    user.active = False
    assert go(client, provider, **verified("commune")).status_code == 403
    user.oidc_subject = f"{provider.issuer} s-1"
    assert go(client, provider, **verified("commune")).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://example.org"},
        {"aud": "other"},
        {"aud": ["dgs"], "azp": "other"},
        {"nonce": "other"},
        {"exp": 1},
        {"sub": ""},
    ],
)
def test_a_word_that_was_not_for_us_is_refused(
    client: Any, session: Any, provider: Provider, lie: dict[str, Any]
) -> None:
    people("commune")
    assert go(client, provider, **{**verified("commune"), **lie}).status_code == 503
    assert client.get("/desk").status_code == 302


def test_a_foreign_signature_is_refused(client: Any, session: Any, provider: Provider) -> None:
    people("commune")
    provider.sign_with = provider.foreign
    assert go(client, provider, **verified("commune")).status_code == 503


def test_a_service_that_fails_is_said(client: Any, session: Any, provider: Provider) -> None:
    provider.broken = True
    assert go(client, provider).status_code == 503


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(client: Any, session: Any, provider: Provider) -> None:
    assert client.get("/auth/oidc/callback?code=the-code&state=made-up").status_code == 400
    client.get("/auth/oidc")
    assert client.get("/auth/oidc/callback?code=the-code&state=made-up").status_code == 400
    assert client.get("/auth/oidc/callback?error=access_denied").status_code == 400
    token = field(client.get("/auth/login").text, "csrf_token")
    data = {"csrf_token": token, "code": "the-code", "state": "made-up"}
    assert client.post("/auth/oidc/callback", data=data).status_code == 400


def test_our_second_factor_is_asked_all_the_same(client: Any, session: Any, provider: Provider) -> None:
    people("commune")
    user = accounts.by_email(PEOPLE["commune"][0])
    assert user
    user.totp_secret = "{}"
    db.session.commit()
    assert go(client, provider, **verified("commune")).status_code == 303
    assert client.get("/desk").headers["Location"] == "/auth/second?next=/desk"


def test_without_a_service_there_is_no_door(client: Any, session: Any, app: Any, settings: Any) -> None:
    app.extensions["dgs"] = dataclasses.replace(
        app.extensions["dgs"], settings=dataclasses.replace(settings, oidc_issuer="")
    )
    assert "/auth/oidc" not in client.get("/auth/login").text
    assert client.get("/auth/oidc").status_code == 404
    assert client.get("/auth/oidc/callback").status_code == 404
