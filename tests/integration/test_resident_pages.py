"""The resident's pages without JavaScript: sending, following, and every kind of bad input."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.core.instance import instance
from webapp.reports import codes, service
from webapp.reports.models import Contact, Message, Photo, Report

GOOD = {"category": "coal_ash", "lat": "9,585", "lon": "106.525", "description": "Tro bay vào nhà"}


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found.group(1)


def form(client: Any, **changes: Any) -> dict[str, Any]:
    """A filled form as a browser would send it."""
    html = client.get("/report").get_data(as_text=True)
    fields = {"csrf_token": hidden(html, "csrf_token"), "client_id": hidden(html, "client_id")}
    return {**fields, **GOOD, **changes}


def send(client: Any, data: dict[str, Any], path: str = "/report") -> Any:
    return client.post(path, data=data, content_type="multipart/form-data")


def picture(data: bytes | None = None, name: str = "anh.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(factories.jpeg() if data is None else data), name


def code_of(response: Any) -> str:
    return re.search(r"/r/(\d{16})", response.headers["Location"]).group(1)


def test_send_with_a_photo_and_follow_by_the_code(client: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    response = send(client, form(client, photos=picture(), contact_phone="0912 345 678", contact_consent="1"))
    assert response.status_code == 303
    code = code_of(response)
    page = client.get(f"/r/{code}?sent=1")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert code[:4] in page.get_data(as_text=True)
    run_jobs()
    html = client.get(f"/r/{code}").get_data(as_text=True)
    assert "Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long" in html
    assert "Phường Duyên Hải" in html
    photo = session.scalars(select(Photo)).one()
    assert photo.state == "clean"
    assert instance().storage.get(photo.clean_name)[:4] == b"RIFF"
    assert instance().storage.get(photo.original)[:2] != b"\xff\xd8"  # sealed
    assert session.scalar(select(func.count()).select_from(Contact)) == 1
    assert "0912" not in html


def test_the_form_sent_twice_gives_the_same_code(client: Any, session: Any) -> None:
    data = form(client)
    assert code_of(send(client, dict(data))) == code_of(send(client, dict(data)))
    assert session.scalar(select(func.count()).select_from(Report)) == 1


def test_pick_province_and_commune_without_a_map(client: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    for name in ("duyen hai", "Phường Duyên Hải", unicodedata.normalize("NFD", "Duyên Hải")):
        response = send(client, form(client, lat="", lon="", province="86", commune_name=name))
        assert response.status_code == 303, name
    run_jobs()
    assert set(session.scalars(select(Report.area_code))) == {"29512"}


def test_a_name_that_several_communes_have_is_asked_again(client: Any, session: Any) -> None:
    factories.duyen_hai()
    factories.square("29999", "Xã Long Hòa Tây", parent="86", lon=106.8, lat=9.6)
    factories.square("29998", "Xã Long Hòa Đông", parent="86", lon=106.9, lat=9.6)
    data = form(client, lat="", lon="", province="86", commune_name="long hoa t")
    assert send(client, data).status_code == 303
    response = send(client, form(client, lat="", lon="", province="86", commune_name="hoa"))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert html.count('name="commune" value="') == 3
    assert 'value="hoa"' in html
    data = form(client, lat="", lon="", province="86", commune_name="hoa", commune="29999")
    assert send(client, data).status_code == 303


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("unknown category", {"category": "burial"}, "field-category"),
    ("no category", {"category": ""}, "field-category"),
    ("no place", {"lat": "", "lon": ""}, "field-position"),
    ("swapped coordinates", {"lat": "106.525", "lon": "9.585"}, "field-position"),
    ("NaN", {"lat": "NaN"}, "field-position"),
    ("out of range", {"lat": "95"}, "field-position"),
    ("unknown commune", {"lat": "", "lon": "", "province": "86", "commune_name": "Paris"}, "field-commune_name"),
    ("no province", {"lat": "", "lon": "", "commune_name": "Duyên Hải"}, "field-province"),
    ("too long", {"description": "đ" * 5001}, "field-description"),
    ("a megabyte", {"description": "đ" * 524_288}, "field-description"),
    ("bad time", {"observed_at": "32/13/2026"}, "field-observed_at"),
    ("bad e-mail", {"contact_email": "x"}, "field-contact_email"),
    ("not a picture", {"photos": (io.BytesIO(b"<html>"), "anh.jpg")}, "field-photos"),
    ("empty file", {"photos": (io.BytesIO(b""), "anh.jpg")}, "field-photos"),
    ("truncated", {"photos": (io.BytesIO(factories.jpeg(1)[:-900]), "anh.jpg")}, "field-photos"),
    ("gif", {"photos": (io.BytesIO(b"GIF89a" + bytes(40)), "anh.gif")}, "field-photos"),
]


@pytest.mark.parametrize(("changes", "at"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_named_at_its_field_and_what_was_typed_is_kept(
    client: Any, session: Any, changes: dict[str, Any], at: str
) -> None:
    factories.duyen_hai()
    fresh = {k: (io.BytesIO(v[0].getvalue()), v[1]) if isinstance(v, tuple) else v for k, v in changes.items()}
    response = send(client, form(client, contact_name="người ở sau chợ", **fresh))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'href="#{at}"' in html
    assert f'id="{at}"' in html
    assert "người ở sau chợ" in html
    if "category" not in changes:
        assert re.search(r'value="coal_ash"\s+checked', html)
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_control_characters_are_cleaned_and_not_a_reason_to_refuse(client: Any, session: Any) -> None:
    assert send(client, form(client, description="Bụi\x00 và \x1bkhói")).status_code == 303
    assert session.scalars(select(Report.description)).one() == "Bụi và khói"


def test_good_photos_are_kept_while_another_field_is_wrong(client: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    data = form(client, category="", photos=[picture(name="một.jpg"), picture(b"x", "hai.jpg")])
    html = send(client, data).get_data(as_text=True)
    tokens = re.findall(r'name="photos_kept" value="([^"]+)"', html)
    assert len(tokens) == 1
    assert "một.jpg" in html
    assert "hai.jpg" in html  # in the message
    again = {**data, "category": "coal_ash", "photos_kept": tokens}
    del again["photos"]
    assert send(client, again).status_code == 303
    run_jobs()
    assert session.scalars(select(Photo.state)).all() == ["clean"]


def test_a_token_of_another_sender_is_worth_nothing(client: Any, session: Any) -> None:
    html = send(client, form(client, category="", photos=picture())).get_data(as_text=True)
    token = re.search(r'name="photos_kept" value="([^"]+)"', html).group(1)
    for stolen in (token, token[:-2] + "xx", "rubbish"):
        assert send(client, form(client, photos_kept=stolen)).status_code == 303
    assert session.scalar(select(func.count()).select_from(Photo)) == 0


def test_at_most_six_photos(client: Any, session: Any) -> None:
    response = send(client, form(client, photos=[picture(name=f"{n}.jpg") for n in range(8)]))
    assert response.status_code == 422
    assert len(re.findall(r'name="photos_kept"', response.get_data(as_text=True))) == 6


@pytest.mark.parametrize("token", ["", "forged", "IjEi.abc.def"])
def test_a_missing_or_foreign_token_keeps_everything(client: Any, session: Any, token: str) -> None:
    response = send(client, form(client, csrf_token=token, photos=picture()))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "Tro bay vào nhà" in html
    assert 'name="photos_kept"' in html
    data = form(client, client_id=hidden(html, "client_id"), photos_kept=hidden(html, "photos_kept"))
    assert send(client, data).status_code == 303


def test_an_expired_form_keeps_everything(app: Any, client: Any, session: Any) -> None:
    data = form(client)
    app.config["WTF_CSRF_TIME_LIMIT"] = -1
    response = send(client, data)
    assert response.status_code == 422
    assert "Tro bay vào nhà" in response.get_data(as_text=True)


def test_a_body_beyond_every_limit_keeps_what_was_typed(app: Any, client: Any, session: Any) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 200_000
    response = send(client, form(client, photos=(io.BytesIO(bytes(400_000)), "lớn.jpg")))
    assert response.status_code in {413, 422}
    html = response.get_data(as_text=True)
    assert "Tro bay vào nhà" in html
    assert 'href="#field-photos"' in html


def test_a_code_is_found_as_it_is_typed_and_a_wrong_one_is_explained(app: Any, client: Any, session: Any) -> None:
    code = code_of(send(client, form(client)))
    for page in ("/", "/track"):
        assert "Set-Cookie" not in app.test_client().get(page).headers
    ok = client.post("/track", data={"code": codes.spaced(code)})
    assert ok.headers["Location"] == f"/r/{code}"
    unknown = codes.code_for("z" * 22, "k" * 40)
    for typed in ("", "123", "abc", code[:-1] + str((int(code[-1]) + 1) % 10), unknown, "9" * 5000):
        response = client.post("/track", data={"code": typed})
        assert response.status_code == 422, typed
        assert 'id="field-code"' in response.get_data(as_text=True)
    assert client.get(f"/r/{unknown}").status_code == 404
    assert client.get("/r/xyz").status_code == 404


def test_the_reporter_answers_a_question(client: Any, session: Any, run_jobs: Any) -> None:
    from webapp.core.events import Actor

    factories.duyen_hai()
    code = code_of(send(client, form(client)))
    run_jobs()
    report = service.by_code(code)
    service.ask(report, Actor("front"), "Xe chở lúc mấy giờ?")
    html = client.get(f"/r/{code}").get_data(as_text=True)
    assert "Xe chở lúc mấy giờ?" in html
    token = hidden(html, "csrf_token")
    empty = send(client, {"csrf_token": token, "more": "  "}, f"/r/{code}")
    assert empty.status_code == 422
    stale = send(client, {"csrf_token": "x", "more": "Khoảng 2 giờ sáng", "photos": picture()}, f"/r/{code}")
    assert stale.status_code == 422
    assert "Khoảng 2 giờ sáng" in stale.get_data(as_text=True)
    good = send(client, {"csrf_token": token, "more": "Khoảng 2 giờ sáng", "photos": picture()}, f"/r/{code}")
    assert good.status_code == 303
    session.expire_all()
    report = service.by_code(code)
    assert report.status == "screening"
    assert [m.sender for m in session.scalars(select(Message).order_by(Message.id))] == ["front", "reporter"]
    assert [p.purpose for p in report.photos] == ["message"]


@pytest.mark.parametrize(
    ("header", "cookie", "lang"),
    [("vi-VN,vi;q=0.9,en;q=0.8", None, "vi"), ("en-GB", None, "en"), ("km", None, "km"), ("fr", None, "vi")],
)
def test_the_language_follows_the_browser_until_one_is_chosen(
    client: Any, session: Any, header: str, cookie: str | None, lang: str
) -> None:
    html = client.get("/report", headers={"Accept-Language": header}).get_data(as_text=True)
    assert f'<html lang="{lang}"' in html
    client.post("/language", data={"lang": "km", "next": "/report"})
    html = client.get("/report", headers={"Accept-Language": header}).get_data(as_text=True)
    assert '<html lang="km"' in html
    away = client.post("/language", data={"lang": "en", "next": "https://evil.example/"})
    assert away.headers["Location"] == "/"


def test_no_address_and_no_device_is_kept(client: Any, session: Any, run_jobs: Any, caplog: Any) -> None:
    from sqlalchemy import text

    data = form(client)
    client.post(
        "/report",
        data=data,
        headers={"User-Agent": "DienThoai/9", "X-Forwarded-For": "203.0.113.9"},
        environ_overrides={"REMOTE_ADDR": "203.0.113.7"},
    )
    run_jobs()
    everything = "".join(
        str(row)
        for table in ("reports", "events", "jobs", "contacts", "photos", "messages")
        for row in session.execute(text(f"SELECT * FROM {table}"))
    )
    for trace in ("DienThoai", "203.0.113"):
        assert trace not in everything + caplog.text
