"""Clips and voice notes from the form to the desks: sealed, stripped, never public."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import people, sign_in
from tests.integration.test_resident_pages import code_of, form, hidden, send
from tests.unit.recording_samples import OWNER, PLANTED, SAMPLES
from webapp.core import clock, events
from webapp.core.instance import instance
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.reports.models import Report
from webapp.reports.recordings import Recording
from workers import upkeep


@pytest.fixture
def settings(settings: Any) -> Any:
    return replace(settings, max_clips=1, max_clip_bytes=1 << 20, max_voice_bytes=100_000)


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "unit")


def upload(name: str, filename: str = "x.bin", data: bytes | None = None) -> tuple[io.BytesIO, str]:
    return io.BytesIO(SAMPLES[name].make() if data is None else data), filename


def test_from_the_form_to_the_desk(client: Any, session: Any, run_jobs: Any) -> None:
    media = [upload("mov with a track of positions", "clip.mov"), upload("ogg opus", "loi.ogg")]
    response = send(client, form(client, category="waste_household", media=media))
    assert response.status_code == 303
    run_jobs()
    clip, voice = session.scalars(select(Recording).order_by(Recording.id)).all()
    assert [(r.kind, r.state) for r in (clip, voice)] == [("clip", "clean"), ("voice", "clean")]
    assert OWNER not in instance().storage.get(clip.original), "sealed"
    report = session.get(Report, clip.report_id)
    sign_in(client, "commune")
    page = client.get(f"/desk/cases/{report.public_id}").text
    assert f'<video controls preload="none" src="/desk/recordings/{clip.public_id}"' in page
    assert f'<audio controls preload="none" src="/desk/recordings/{voice.public_id}"' in page
    whole = client.get(f"/desk/recordings/{clip.public_id}")
    assert whole.mimetype == "video/mp4"
    assert whole.headers["Cache-Control"] == "no-store"
    assert len(whole.data) == clip.size
    assert not any(text in whole.data for text in PLANTED)
    part = client.get(f"/desk/recordings/{clip.public_id}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{clip.size}"
    last = client.get(f"/desk/recordings/{clip.public_id}", headers={"Range": "bytes=-50"})
    assert last.data == whole.data[-50:]
    beyond = client.get(f"/desk/recordings/{clip.public_id}", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    history = events.history(service.stream(report))
    assert [e.kind for e in history].count("recording:stripped") == 2
    # Nobody else, and no public page ever
    sign_in(client, "other")
    assert client.get(f"/desk/recordings/{clip.public_id}").status_code == 404
    sign_in(client, "unit")
    assert client.get(f"/unit/recordings/{clip.public_id}").status_code == 404, "not passed on yet"
    report.status = life.ASSIGNED
    report.publish_at = clock.now() - timedelta(hours=1)
    assert client.get(f"/unit/recordings/{clip.public_id}").status_code == 200
    public = client.get(f"/cases/{report.public_id}")
    assert public.status_code == 200
    assert clip.public_id not in public.text
    code = code_of(response)
    assert clip.public_id not in client.get(f"/r/{code}").text


def test_added_later_is_not_for_the_unit(client: Any, session: Any, run_jobs: Any) -> None:
    code = code_of(send(client, form(client, category="waste_household")))
    page = client.get(f"/r/{code}").text
    data = {"csrf_token": hidden(page, "csrf_token"), "media": upload("amr", "loi.amr")}
    assert send(client, data, f"/r/{code}").status_code == 303
    run_jobs()
    one = session.scalars(select(Recording)).one()
    assert (one.purpose, one.state) == ("message", "clean")
    session.get(Report, one.report_id).status = life.ASSIGNED
    sign_in(client, "unit")
    assert client.get(f"/unit/recordings/{one.public_id}").status_code == 404


def test_what_cannot_be_proved_is_evidence_only(client: Any, session: Any, run_jobs: Any) -> None:
    response = send(client, form(client, category="waste_household", media=upload("mp4 unknown codec")))
    assert response.status_code == 303
    run_jobs()
    one = session.scalars(select(Recording)).one()
    assert one.state == "sealed"
    with pytest.raises(FileNotFoundError):
        instance().storage.get(one.copy_name)
    sign_in(client, "commune")
    report = session.get(Report, one.report_id)
    assert "<video" not in client.get(f"/desk/cases/{report.public_id}").text
    assert client.get(f"/desk/recordings/{one.public_id}").status_code == 404


def test_refusals_stand_at_the_field_and_the_good_ones_are_kept(client: Any, session: Any) -> None:
    big = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 4000
    media = [
        upload("webm", "tot.webm"),
        upload("mp4 cut off", "cut.mp4"),
        upload("jpeg" if "jpeg" in SAMPLES else "photo", "anh.jpg"),
        upload("m4a", "hai.mp4", SAMPLES["mp4 index last"].make()),
        upload("amr", "to.amr", big),
    ]
    response = send(client, form(client, media=media))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    for name in ("cut.mp4", "anh.jpg", "hai.mp4", "to.amr"):
        assert name in html.split('id="error-media"', 1)[1].split("</span></span>", 1)[0], name
    assert 'name="media_kept"' in html
    fields = {n: hidden(html, n) for n in ("csrf_token", "client_id", "media_kept")}
    again = send(client, {**form(client), **fields})
    assert again.status_code == 303
    assert session.scalars(select(Recording)).one().mime == "video/webm"


def test_a_token_of_somebody_else_gives_nothing(client: Any, session: Any) -> None:
    html = send(client, form(client, category="", media=upload("webm"))).get_data(as_text=True)
    assert send(client, form(client, media_kept=hidden(html, "media_kept"))).status_code == 303
    assert session.scalars(select(Recording)).all() == []


def test_originals_that_no_report_needs_are_swept(client: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send(client, form(client, category="", media=upload("webm")))
    assert send(client, form(client, media=upload("ogg opus"))).status_code == 303
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert upkeep.sweep_uploads() == 1
    assert instance().storage.get(session.scalars(select(Recording)).one().original)


def test_the_form_has_the_field_without_javascript(client: Any) -> None:
    for html in (client.get("/report").text,):
        assert 'name="media"' in html
        assert 'accept="video/*,audio/*"' in html
        assert 'capture="environment"' in html
