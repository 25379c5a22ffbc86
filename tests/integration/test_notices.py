"""Notices: opt-in, sealed, neutral, once; and out at one touch."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, text, update

from tests import factories, sinks
from tests.integration import staff
from tests.integration.public_world import case as public_case
from webapp.core import clock, outbox
from webapp.core.instance import instance
from webapp.core.outbox import Job
from webapp.core.sealing import CannotOpen, Seal, make_vapid_pair
from webapp.notifications import channels
from webapp.notifications import service as notifications
from webapp.notifications.models import Notice, Subscription
from webapp.notifications.service import Target
from webapp.reports import lifecycle, service
from workers import run

READER = "nguoi.doc@example.org"
PLACE_WORDS = ("tro", "xỉ", "Duyên Hải", "Vĩnh Long", "29512", "coal", "/r/", "/cases/", "report:")


@pytest.fixture
def mail() -> Iterator[sinks.Sink]:
    with sinks.smtp() as sink:
        yield sink


@pytest.fixture
def web() -> Iterator[sinks.Sink]:
    with sinks.http() as sink:
        yield sink


@pytest.fixture
def settings(place: Any, mail: sinks.Sink, web: sinks.Sink) -> Any:
    from webapp.config import Settings

    public, private = make_vapid_pair()
    return dataclasses.replace(
        Settings.from_env(place.environ),
        mail_url=f"smtp://127.0.0.1:{mail.port}",
        mail_from="bao-tin@example.org",
        vapid_public_key=public,
        vapid_private_key=private,
        push_hosts=("127.0.0.1",),
        sms_url=f"http://127.0.0.1:{web.port}/sms",
        sms_token="gateway-token",
    )


def token_in(mail: Any) -> str:
    found = re.search(r"/notices/([\w-]+)", mail.get_content())
    assert found
    return found[1]


def followed(client: Any, run_jobs: Any, mail: sinks.Sink) -> tuple[Any, str]:
    """A report whose sender has opted in by e-mail and confirmed; with the token of the links."""
    factories.duyen_hai()
    sent = service.submit(factories.submission())
    run_jobs()
    page = client.get(f"/r/{sent.code}").text
    data = {"csrf_token": staff.field(page, "csrf_token"), "channel": "email", "address": READER}
    assert client.post(f"/r/{sent.code}/notices", data=data).status_code == 303
    run_jobs()
    token = token_in(mail.mails[-1][1])
    assert client.post(f"/notices/{token}", data={"do": "confirm"}).status_code == 303
    mail.mails.clear()
    return sent.report, token


def pass_on(session: Any, report: Any) -> None:
    session.refresh(report)
    service.move(report, lifecycle.ASSIGNED, staff.FRONT)


def test_nothing_is_sent_before_the_address_says_yes(client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    notifications.subscribe(Target(report_id=report.id), "email", READER, "vi")
    run_jobs()
    assert len(mail.mails) == 1
    token = token_in(mail.mails[0][1])
    assert client.get(f"/notices/{token}").status_code == 200, "opening the link is not yet a yes"
    pass_on(session, report)
    run_jobs()
    assert len(mail.mails) == 1
    client.post(f"/notices/{token}", data={"do": "confirm"})
    service.move(session.get(type(report), report.id, populate_existing=True), lifecycle.VERIFYING, staff.UNIT)
    service.move(session.get(type(report), report.id), lifecycle.IN_PROGRESS, staff.UNIT)
    run_jobs()
    assert len(mail.mails) == 2, "one for the step that matters, none for the past"


def test_a_notice_is_neutral_and_sent_once(client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    report, token = followed(client, run_jobs, mail)
    pass_on(session, report)
    run_jobs()
    [(to, letter)] = mail.mails
    assert to == READER
    everything = "\n".join(f"{k}: {v}" for k, v in letter.items()) + letter.get_content()
    for word in (*PLACE_WORDS, report.public_id):
        assert word.lower() not in everything.lower(), word
    assert "/track" in letter.get_content()
    assert letter["List-Unsubscribe"].endswith(f"/notices/{token}>")
    # The same job again, and the same planning again, send nothing more.
    for job in session.scalars(select(Job).where(Job.name.startswith("notices."))):
        outbox.retry(job)
    run_jobs()
    assert len(mail.mails) == 1
    assert session.scalar(select(func.count()).select_from(Notice)) == 1


def test_the_address_lies_nowhere_in_the_clear(app: Any, client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    report, token = followed(client, run_jobs, mail)
    pass_on(session, report)
    run_jobs()
    for table in ("subscriptions", "notices", "jobs", "events"):
        for row in session.execute(text(f"SELECT * FROM {table}")):
            assert READER not in repr(tuple(row))
            assert token not in repr(tuple(row))
    sealed = session.scalars(select(Subscription.sealed)).one()
    here = instance()
    with pytest.raises(CannotOpen):
        Seal(here.identity.public_key).open(sealed)
    assert orjson.loads(here.identity.open(sealed))["address"] == READER


def test_one_click_ends_it_and_forgets_the_address(client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    report, token = followed(client, run_jobs, mail)
    pass_on(session, report)
    session.commit()
    assert client.post(f"/notices/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    run_jobs()
    assert mail.mails == []
    assert session.scalar(select(func.count()).select_from(Subscription)) == 0
    assert client.get(f"/notices/{token}").status_code == 404


def test_a_mailbox_that_is_gone_is_forgotten(client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    report, _token = followed(client, run_jobs, mail)
    mail.answer = 550
    pass_on(session, report)
    run_jobs()
    assert session.scalar(select(func.count()).select_from(Subscription)) == 0


def test_strangers_cannot_fill_a_mailbox(session: Any, run_jobs: Any, mail: Any) -> None:
    factories.duyen_hai()
    for code in ("29512", "29413", "1", "2", "3"):
        notifications.subscribe(Target(area_code=code), "email", READER, "vi")
        notifications.subscribe(Target(area_code=code), "email", READER.upper(), "vi")
    run_jobs()
    assert len(mail.mails) == notifications.QUESTIONS_A_DAY


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "x"),
        ("email", "a@b.org\r\nBcc: all@example.org"),
        ("sms", "12"),
        ("push", "https://evil.example/x"),
        ("push", "http://[::1"),
        ("pigeon", "x"),
    ],
)
def test_bad_addresses_are_refused_and_kept_in_the_form(
    client: Any, session: Any, run_jobs: Any, channel: str, address: str
) -> None:
    sent = service.submit(factories.submission())
    page = client.get(f"/r/{sent.code}").text
    data = {"csrf_token": staff.field(page, "csrf_token"), "channel": channel, "address": address, "endpoint": address}
    answer = client.post(f"/r/{sent.code}/notices", data=data)
    assert answer.status_code == 422
    assert session.scalar(select(func.count()).select_from(Subscription)) == 0
    if channel == "email":
        assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("where", ["code", "area"])
def test_an_expired_page_keeps_the_address(client: Any, session: Any, where: str) -> None:
    factories.duyen_hai()
    address = f"/r/{service.submit(factories.submission()).code}/notices" if where == "code" else "/follow"
    session.commit()
    data = {"channel": "email", "address": "toi@mail.example", "province": "86", "commune_name": "duyen hai"}
    answer = client.post(address, data=data | {"csrf_token": "of yesterday"})
    assert answer.status_code == 422
    assert 'value="toi@mail.example"' in answer.text
    assert 'class="errors' in answer.text or 'role="alert"' in answer.text
    assert session.scalar(select(func.count()).select_from(Subscription)) == 0


def test_a_push_carries_nothing_and_is_signed(session: Any, run_jobs: Any, web: Any, settings: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    endpoint = f"http://127.0.0.1:{web.port}/push/abc"
    notifications.subscribe(Target(report_id=report.id), "push", endpoint, "km")
    pass_on(session, report)
    run_jobs()
    [(path, headers, body)] = web.posts
    assert (path, body) == ("/push/abc", b"")
    token, key = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", headers["Authorization"]).groups()  # type: ignore[union-attr]
    head, claims, signature = token.split(".")
    raw = _unb64(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _unb64(key))
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert orjson.loads(_unb64(claims))["aud"] == f"http://127.0.0.1:{web.port}"
    web.answer = 410
    session.refresh(report)
    service.move(report, lifecycle.VERIFYING, staff.UNIT)
    service.move(report, lifecycle.IN_PROGRESS, staff.UNIT)
    run_jobs()
    assert session.scalar(select(func.count()).select_from(Subscription)) == 0, "the phone said no"


def _unb64(text_: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


def test_a_push_endpoint_may_only_be_a_known_push_service(settings: Any) -> None:
    hosts = dataclasses.replace(settings, push_hosts=("fcm.googleapis.com", ".push.apple.com"))
    assert channels.push_allowed(hosts, "https://fcm.googleapis.com/fcm/send/x")
    assert channels.push_allowed(hosts, "https://web.push.apple.com/x")
    for bad in (
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilpush.apple.com/x",
        "https://a@fcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
    ):
        assert not channels.push_allowed(hosts, bad), bad


def test_sms_goes_through_the_gateway(session: Any, run_jobs: Any, web: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    notifications.subscribe(Target(report_id=report.id), "sms", "0912 345 678", "vi")
    run_jobs()
    [(path, headers, body)] = web.posts
    assert path == "/sms"
    assert headers["Authorization"] == "Bearer gateway-token"
    assert orjson.loads(body)["to"] == "0912345678"
    assert "/notices/" in orjson.loads(body)["text"]


def test_an_area_is_followed_from_the_page(client: Any, session: Any, run_jobs: Any, mail: Any) -> None:
    factories.duyen_hai()
    public_case()  # before: no news
    page = client.get("/follow?commune=29512").text
    assert "/feeds/commune/29512.atom" in page
    data = {"csrf_token": staff.field(page, "csrf_token"), "channel": "email", "address": READER}
    bad = client.post("/follow", data=data | {"province": "86", "commune_name": "Paris"})
    assert bad.status_code == 422
    assert READER in bad.text
    assert client.post("/follow", data=data | {"province": "86", "commune_name": "duyen hai"}).status_code == 303
    circle = data | {"lat": "9.585", "lon": "106.525", "radius": "1000", "address": "khac@example.org"}
    assert client.post("/follow", data=circle | {"radius": "999"}).status_code == 422
    assert client.post("/follow", data=circle).status_code == 303
    run_jobs()
    for _to, letter in list(mail.mails):
        client.post(f"/notices/{token_in(letter)}", data={"do": "confirm"})
    past = clock.now() - timedelta(hours=3)
    session.execute(update(Subscription).values(confirmed_at=past))
    mail.mails.clear()
    soon = clock.now() - timedelta(hours=2)
    fresh = [public_case(publish_at=soon), public_case(publish_at=soon)]
    public_case(publish_at=soon, area_code="29413", lon=106.7)
    public_case(publish_at=soon, status=lifecycle.REJECTED)
    public_case(publish_at=clock.now() + timedelta(hours=5))
    for _ in range(2):
        outbox.enqueue("notices.areas")
        run_jobs()
    assert sorted(to for to, _ in mail.mails) == ["khac@example.org", READER], "one each, however many cases"
    for _to, letter in mail.mails:
        for word in (*PLACE_WORDS, fresh[0].public_id):
            assert word.lower() not in letter.get_content().lower(), word


def test_what_is_not_confirmed_or_long_over_is_forgotten(session: Any, monkeypatch: Any) -> None:
    report = factories.report()
    notifications.subscribe(Target(report_id=report.id), "email", READER, "vi")
    session.commit()
    assert notifications.prune() == 0
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert notifications.prune() == 1


def test_a_worker_without_the_key_leaves_notices_alone(app: Any, session: Any) -> None:
    here = app.extensions["dgs"]
    app.extensions["dgs"] = dataclasses.replace(here, identity=Seal(here.identity.public_key))
    job_id = outbox.enqueue("notices.prune")
    session.commit()
    assert run.run_job(app, job_id) is False
    assert job_id not in outbox.due_ids(notices=False)
    assert outbox.due_ids(notices=True) == [job_id]
    session.rollback()
    app.extensions["dgs"] = here
    assert run.run_job(app, job_id) is True
