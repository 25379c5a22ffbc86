"""Hiding faces and plates: who may, what is kept, and that no older copy is shown meanwhile."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from tests import factories
from tests.integration.staff import case, field, people, sign_in
from webapp.core import clock, events
from webapp.core.instance import instance
from webapp.media.intake import keep
from webapp.reports import lifecycle as life
from webapp.reports import pictures, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Photo, Report


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "province", "central", "unit", "unit2", "admin")


def stored(data: bytes) -> StoredPhoto:
    class Upload:
        filename = "a.jpg"
        stream = io.BytesIO(data)

    kept = keep(Upload(), "user-1")  # type: ignore[arg-type]
    return StoredPhoto(kept.name, kept.sha256, kept.size, kept.mime)


@pytest.fixture
def photo(session: Any, run_jobs: Any) -> Photo:
    report = case(photos=(stored(factories.jpeg(3)),))
    run_jobs()
    session.refresh(report)
    return report.photos[0]


def let_out(photo: Photo) -> None:
    photo.public = True
    photo.report.publish_at = clock.now() - timedelta(hours=1)
    photo.report.status = life.SCREENING


def save(client: Any, photo: Photo, **data: Any) -> Any:
    where = f"/desk/photos/{photo.public_id}/blur"
    page = client.get(where).text
    stamps = {name: field(page, name) for name in ("csrf_token", "marks_version")}
    return client.post(where, data=stamps | data)


def one(left: str = "10", top: str = "10", width: str = "30", height: str = "30") -> dict[str, str]:
    return {"left": left, "top": top, "width": width, "height": height}


def test_mark_check_and_undo(client: Any, session: Any, run_jobs: Any, photo: Photo) -> None:
    let_out(photo)
    public = f"/photos/{photo.public_id}.webp"
    sharp = client.get(public).data
    sign_in(client, "commune")
    assert save(client, photo, **one()).status_code == 303
    session.refresh(photo)
    assert (photo.marks, photo.marks_version, photo.public_version) == ([[0.1, 0.1, 0.3, 0.3]], 1, 0)
    # Fail closed: until the worker is done, everybody gets nothing, staff their own copy.
    assert client.get(public).status_code == 404
    assert client.get(f"/cases/{photo.report.public_id}").text.count(photo.public_id) == 0
    assert client.get(f"/desk/photos/{photo.public_id}/public").status_code == 404
    assert client.get(f"/desk/photos/{photo.public_id}").data == sharp
    run_jobs()
    session.refresh(photo)
    hidden = client.get(public).data
    assert hidden != sharp
    assert hidden[:4] == b"RIFF"
    assert f"{photo.public_id}.webp?v=1" in client.get(f"/cases/{photo.report.public_id}").text
    assert client.get(f"/desk/photos/{photo.public_id}/public").data == hidden
    assert client.get(f"/desk/photos/{photo.public_id}").data == sharp
    small = Image.open(io.BytesIO(client.get(f"/photos/{photo.public_id}-s.webp").data))
    assert max(small.size) == 480
    # Taking the area away is a new version, not the old file.
    assert save(client, photo, **one(), remove="1").status_code == 303
    run_jobs()
    session.refresh(photo)
    assert (photo.marks, photo.marks_version, photo.public_version) == ([], 2, 2)
    with pytest.raises(FileNotFoundError):
        instance().storage.get(f"clean/{photo.public_id}-p1.webp")
    again = Image.open(io.BytesIO(client.get(public).data)).convert("RGB")
    first = Image.open(io.BytesIO(sharp)).convert("RGB")
    assert max(abs(a - b) for a, b in zip(again.getpixel((150, 100)), first.getpixel((150, 100)), strict=True)) < 12
    history = events.history(service.stream(photo.report))
    blurred = [e for e in history if e.kind == "photo:blurred"]
    assert [e.data["areas"] for e in blurred] == [1, 0]
    assert not any(e.public for e in blurred)
    assert events.first_broken(history) is None


def test_the_grid_without_javascript(client: Any, session: Any, photo: Photo) -> None:
    sign_in(client, "commune")
    assert save(client, photo, cell=["0-0", "0-1", "1-0", "1-1"]).status_code == 303
    session.refresh(photo)
    assert photo.marks == [[0.0, 0.0, 0.125, round(2 / 12, 5)]]


def test_mistakes_are_said_and_what_was_typed_stays(client: Any, session: Any, photo: Photo) -> None:
    sign_in(client, "commune")
    response = save(client, photo, **one(left="abc", width="33"), cell="3-3")
    assert response.status_code == 422
    assert 'value="abc"' in response.text
    assert 'value="33"' in response.text
    assert 'value="3-3"' in response.text
    assert 'href="#field-left-1"' in response.text
    session.refresh(photo)
    assert photo.marks_version == 0


def test_two_at_once_do_not_overwrite_each_other(client: Any, session: Any, photo: Photo) -> None:
    sign_in(client, "commune")
    where = f"/desk/photos/{photo.public_id}/blur"
    stale = {name: field(client.get(where).text, name) for name in ("csrf_token", "marks_version")}
    assert save(client, photo, **one()).status_code == 303
    response = client.post(where, data=stale | one(left="50"))
    assert response.status_code == 409
    assert 'value="50"' in response.text
    session.refresh(photo)
    assert photo.marks == [[0.1, 0.1, 0.3, 0.3]]


def test_saving_the_same_is_no_new_version(client: Any, session: Any, photo: Photo) -> None:
    sign_in(client, "commune")
    save(client, photo, **one())
    save(client, photo, **one())
    session.refresh(photo)
    assert photo.marks_version == 1


@pytest.mark.parametrize(("who", "status"), [("other", 404), ("unit", 403), ("admin", 403)])
def test_for_nobody_else(client: Any, photo: Photo, who: str, status: int) -> None:
    sign_in(client, who)
    for rest in ("blur", "public"):
        assert client.get(f"/desk/photos/{photo.public_id}/{rest}").status_code == status


def test_a_newer_mark_wins_over_a_slow_worker(session: Any, photo: Photo, run_jobs: Any) -> None:
    """A copy made of marks that have changed since is never served."""
    pictures.set_marks(photo, [(0.1, 0.1, 0.2, 0.2)], events.SYSTEM)
    pictures.set_marks(photo, [(0.1, 0.1, 0.2, 0.2), (0.5, 0.5, 0.2, 0.2)], events.SYSTEM)
    assert not photo.public_ready
    run_jobs()
    session.refresh(photo)
    assert photo.public_version == 2
    assert photo.public_ready


def test_the_sender_too_gets_the_blurred_copy_of_an_answer(client: Any, session: Any, run_jobs: Any) -> None:
    sent = service.submit(factories.submission(category_code="waste_household"))
    run_jobs()
    report = sent.report
    session.refresh(report)
    report.status = life.IN_PROGRESS
    service.answer(report, events.Actor("unit", None, report.unit_code), "Đã dọn", (stored(factories.jpeg(9)),))
    run_jobs()
    session.refresh(report)
    picture = report.photos[0]
    address = f"/r/{sent.code}/photos/{picture.public_id}.webp"
    sharp = client.get(address).data
    assert sharp[:4] == b"RIFF"
    pictures.set_marks(picture, [(0.1, 0.1, 0.3, 0.3)], events.SYSTEM)
    assert client.get(address).status_code == 404
    run_jobs()
    assert client.get(address).data not in (sharp, b"")


# Lookalikes -------------------------------------------------------------------------------------------------


def with_hash(value: int, **changes: Any) -> Report:
    report = case(**changes)
    photo = Photo(
        public_id=f"p{report.id}x{value % 997}",
        report_id=report.id,
        purpose="report",
        original=f"originals/x/{report.id}",
        sha256=f"{value:x}"[:64],
        size=1,
        mime="image/jpeg",
        state="clean",
        created_at=clock.now(),
    )
    pictures.set_hash(photo, value)
    from webapp.core.db import db

    db.session.add(photo)
    db.session.flush()
    db.session.refresh(report)
    return report


BASE = 0xF0C3_5A96_1234_8EEF


def test_lookalikes_within_eight_bits_are_all_found(session: Any, client: Any) -> None:
    from sqlalchemy import true

    mine = with_hash(BASE)
    # Worst case of the prefilter: two bits off in each of the four parts.
    worst = with_hash(BASE ^ 0x0003_0003_0003_0003)
    same = with_hash(BASE)
    with_hash(BASE ^ 0x0007_0003_0003_0003)  # nine bits
    old = with_hash(BASE)
    old.created_at -= timedelta(days=91)
    elsewhere = with_hash(BASE)
    elsewhere.province_code = "31"
    found = pictures.lookalikes(mine, true())
    assert [(f.report.id, f.bits) for f in found] == [(same.id, 0), (worst.id, 8)]
    sign_in(client, "commune")
    page = client.get(f"/desk/cases/{mine.public_id}").text
    assert same.public_id in page
    sign_in(client, "unit")


def test_a_flat_picture_looks_like_nothing(session: Any) -> None:
    from sqlalchemy import true

    mine = with_hash(0)
    with_hash(1)
    assert pictures.lookalikes(mine, true()) == []


def test_what_one_may_not_see_is_no_lookalike(session: Any) -> None:
    from sqlalchemy import false

    mine = with_hash(BASE)
    with_hash(BASE)
    assert pictures.lookalikes(mine, false()) == []


def test_every_band_within_two_bits() -> None:
    near = pictures.near_band(0x8001)
    assert len(near) == len(set(near)) == 137
    assert all((value ^ 0x8001).bit_count() <= 2 for value in near)
