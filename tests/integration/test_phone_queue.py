"""What a phone's queue asks of the server: photos one by one, a report under its own id, answers that may be lost."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.integration.public_world import case
from webapp.core import clock
from webapp.core.instance import instance
from webapp.reports import codes, service
from webapp.reports.models import Photo, Report

JSON = {"Accept": "application/json"}
GOOD = {"category": "coal_ash", "lat": "9.585", "lon": "106.525", "description": "Tro bay vào nhà"}


def put(client: Any, client_id: str, data: bytes, sha256: str | None = None) -> Any:
    headers = {"Client-Id": client_id, "Content-Sha256": sha256 or hashlib.sha256(data).hexdigest()}
    return client.put("/report/photos", data=data, headers=headers)


def have(client: Any, client_id: str, *photos: bytes) -> Any:
    hashes = [hashlib.sha256(data).hexdigest() for data in photos]
    return client.post("/report/photos/have", json={"client_id": client_id, "sha256": hashes})


def send(client: Any, client_id: str, **changes: Any) -> Any:
    return client.post("/report", data=GOOD | {"client_id": client_id} | changes, headers=JSON)


def test_photos_then_the_report_and_all_of_it_twice(client: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    mine, one, two = codes.new_client_id(), factories.jpeg(1), factories.jpeg(2)
    first = put(client, mine, one)
    assert first.status_code == 201
    assert put(client, mine, one).json == first.json
    assert list(have(client, mine, one, two).json["tokens"].values()) == [first.json["token"]]
    tokens = [first.json["token"], put(client, mine, two).json["token"]]
    answers = [send(client, mine, photos_kept=tokens) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert not answers[0].headers.getlist("Set-Cookie")
    run_jobs()
    assert session.scalar(select(func.count()).select_from(Report)) == 1
    assert session.scalars(select(Photo.state)).all() == ["clean", "clean"]
    assert service.by_code(answers[0].json["code"]) is not None


def test_a_photo_is_only_its_senders(client: Any, session: Any) -> None:
    mine, other, data = codes.new_client_id(), codes.new_client_id(), factories.jpeg(1)
    token = put(client, mine, data).json["token"]
    assert have(client, other, data).json == {"tokens": {}}
    assert send(client, other, photos_kept=[token]).status_code == 201
    assert session.scalar(select(func.count()).select_from(Photo)) == 0


@pytest.mark.parametrize("data", [b"", b"<html>", factories.jpeg(1)[:-900]], ids=["empty", "html", "cut"])
def test_what_is_no_picture_is_refused_with_words(client: Any, data: bytes) -> None:
    response = put(client, codes.new_client_id(), data)
    assert response.status_code == 422
    assert response.json["errors"]["photos"]


def test_one_network_cannot_fill_the_storage(app: Any, client: Any, session: Any) -> None:
    here = instance()
    few = dataclasses.replace(here.settings, reports_per_hour=1, max_photos=1)
    app.extensions["dgs"] = dataclasses.replace(here, settings=few)
    mine, pictures = codes.new_client_id(), [factories.jpeg(n) for n in range(3)]
    assert [put(client, mine, data).status_code for data in pictures] == [201, 201, 429]
    assert put(client, mine, pictures[0]).status_code == 200  # what lies there already is answered again
    elsewhere = {"Client-Id": mine, "Content-Sha256": hashlib.sha256(pictures[2]).hexdigest()}
    there = {"REMOTE_ADDR": "198.51.100.7"}
    answer = client.put("/report/photos", data=pictures[2], headers=elsewhere, environ_overrides=there)
    assert answer.status_code == 201


def test_a_photo_that_was_changed_on_the_way_is_asked_for_again(client: Any) -> None:
    mine, data = codes.new_client_id(), factories.jpeg(1)
    assert put(client, mine, data[:-10], hashlib.sha256(data).hexdigest()).status_code == 409
    assert have(client, mine, data).json == {"tokens": {}}


@pytest.mark.parametrize("body", [None, [], {}, {"client_id": 5, "sha256": []}, {"client_id": "a" * 22, "sha256": "x"}])
def test_rubbish_is_refused(client: Any, body: Any) -> None:
    assert client.post("/report/photos/have", json=body).status_code == 422
    assert client.put("/report/photos", data=b"x", headers={"Client-Id": "short"}).status_code == 422
    asked = {"client_id": codes.new_client_id(), "sha256": ["../x", 7, "0" * 64]}
    assert client.post("/report/photos/have", json=asked).json == {"tokens": {}}


def test_photos_that_were_swept_away_are_asked_for_again(client: Any, session: Any) -> None:
    mine, data = codes.new_client_id(), factories.jpeg(1)
    token = put(client, mine, data).json["token"]
    name = f"originals/{codes.client_key(mine)}/{hashlib.sha256(data).hexdigest()}"
    instance().storage.delete(name)
    assert have(client, mine, data).json == {"tokens": {}}
    response = send(client, mine, photos_kept=[token])
    assert response.status_code == 409
    assert session.scalar(select(func.count()).select_from(Report)) == 0
    assert put(client, mine, data).status_code == 201
    assert send(client, mine, photos_kept=[token]).status_code == 201


def test_errors_come_as_words_at_fields(client: Any, session: Any) -> None:
    factories.duyen_hai()
    factories.square("29999", "Xã Long Hòa Tây", parent="86", lon=106.8, lat=9.6)
    response = send(client, codes.new_client_id(), category="", contact_email="x")
    assert response.status_code == 422
    assert set(response.json["errors"]) == {"category", "contact_email", "contact_consent"}
    several = send(client, codes.new_client_id(), lat="", lon="", province="86", commune_name="hoa")
    assert [name for _, name in several.json["choices"]] == ["Xã Long Hòa", "Xã Long Hòa Tây"]
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_a_place_that_nobody_knows_goes_to_the_front(client: Any, session: Any, run_jobs: Any) -> None:
    nowhere = {"lat": "", "lon": ""}
    assert send(client, codes.new_client_id(), **nowhere).status_code == 422
    assert send(client, codes.new_client_id(), **nowhere, place_unknown="1").status_code == 201
    run_jobs()
    report = session.scalars(select(Report)).one()
    assert (report.place_source, report.status, report.unit_code) == ("unknown", "received", None)
    assert report.routing["why"] == "no_area"
    assert report.publish_at is None


def test_what_the_phone_keeps_holds_nothing_of_anybody(client: Any, session: Any) -> None:
    factories.user("admin@example.org", "admin", None)
    page = client.get("/auth/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"email": "admin@example.org", "password": factories.PASSWORD, "csrf_token": token[1]}
    assert client.post("/auth/login", data=form).status_code in {302, 303}
    for path in ("/report/offline", "/report/queue"):
        for lang, word in (("vi", "phản ánh"), ("en", "report"), ("km", "ការ")):
            response = client.get(f"{path}?lang={lang}")
            assert f'<html lang="{lang}"' in response.text
            assert word in response.text
            assert "csrf_token" not in response.text
            assert "/admin" not in response.text
            assert not response.headers.getlist("Set-Cookie")
    assert re.search(r'name="client_id" value=""', client.get("/report/offline").text)


def test_the_worker_is_the_same_until_something_changes(client: Any, session: Any) -> None:
    one, two = client.get("/sw.js"), client.get("/sw.js", headers={"Accept-Language": "km"})
    assert one.text == two.text
    assert one.mimetype == "text/javascript"
    assert one.headers["Cache-Control"] == "no-cache"
    assert one.headers["Service-Worker-Allowed"] == "/"
    files = json.loads(re.search(r"const FILES = (\[.*\]);", one.text)[1])
    assert len(files) >= 8
    for path in files:
        assert client.get(path).status_code == 200, path
    manifest = json.loads(client.get("/manifest.webmanifest").text)
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert all(client.get(icon["src"]).status_code == 200 for icon in manifest["icons"])


def test_only_what_is_public_is_hinted_at(client: Any, session: Any) -> None:
    factories.duyen_hai()
    now = clock.now()
    close = case(lon=106.5255, lat=9.5852, category_code="noise").public_id
    at_commune = case(lon=106.525, lat=9.585, category_code="sand_river").public_id
    for hidden in (
        {"publish_at": None},
        {"publish_at": now + timedelta(hours=3)},
        {"status": "rejected"},
        {"created_at": now - timedelta(days=40)},
        {"category_code": "wastewater"},
        {"lon": 106.55, "lat": 9.585},
    ):
        case(**{"lon": 106.5255, "lat": 9.5852, "category_code": "noise"} | hidden)

    def near(category: str, lat: str = "9.585", lon: str = "106.525") -> list[str]:
        response = client.get(f"/report/near.json?category={category}&lat={lat}&lon={lon}")
        assert response.headers["Cache-Control"] == "no-store"
        return [found["href"] for found in response.json]

    assert near("noise") == [f"/cases/{close}"]
    # At commune level the whole commune is near, and nothing is nearer.
    assert near("sand_river", "9.62", "106.56") == [f"/cases/{at_commune}"]
    assert near("noise", lon="106.7") == []
    assert near("no such kind") == []
    assert client.get("/report/near.json?category=noise&lat=x&lon=1").status_code == 400
