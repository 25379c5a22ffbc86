"""What a phone tells about its owner comes out nowhere: pages, programs' doors, tiles, logs, jobs, Redis, files.

One report carries every identifying thing a phone can give. Then each of these is searched for in every way it
could be written, in everything that anybody but the sealed parts' key holders could read.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import struct
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from PIL import Image
from sqlalchemy import select, text

from geo import cells
from tests import factories
from tests.integration.staff import FRONT, people, sign_in
from tests.integration.test_resident_pages import code_of, form
from webapp.core import clock
from webapp.core.db import Base
from webapp.opendata import service as service_of_files
from webapp.pages.access import AUDIENCES, EVERYBODY
from webapp.reports import lifecycle, service

HEADERS = {
    "User-Agent": "DienThoaiRieng/9.71 (QXR-4410)",
    "X-Forwarded-For": "198.51.100.23",
    "Accept-Language": "vi;q=0.9, x-lang-rieng;q=0.1",
    "X-Device-Id": "may-8842-zq",
}
ADDRESS = "203.0.113.77"
IN_PICTURE = {
    "owner": "Lê Thị Chủ Máy Ảnh",
    "artist": "Nghệ Danh Riêng",
    "serial": "SN-77QX-104452",
    "xmp": "Người Tạo Trong XMP",
    "model": "QXR-4410",
}
CONTACT = {
    "contact_name": "Trần Văn Kín Đáo",
    "contact_phone": "0938 271 645",
    "contact_email": "kin.dao.zxq@example.org",
}
WORDS = "xóm Bàu Sậy zxqvj"
PLACE = "Sau quán Cô Mười zzqk"
LAT, LON = "9.583217", "106.521943"
GPS = ((9, 34, 16.4331), (106, 31, 14.8177))  # another place: the picture's own


def picture() -> bytes:
    """A JPEG with everything in it, as phones write it."""
    image = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    exif = Image.Exif()
    exif[0x0110] = IN_PICTURE["model"]
    exif[0x013B] = IN_PICTURE["artist"].encode()
    exif.get_ifd(0x8769)[0xA430] = IN_PICTURE["owner"].encode()
    exif.get_ifd(0x8769)[0xA431] = IN_PICTURE["serial"]
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", GPS[0], "E", GPS[1]
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>{IN_PICTURE["xmp"]}</dc:creator></x:xmpmeta>'
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, xmp=xmp.encode(), comment=IN_PICTURE["owner"].encode())
    return out.getvalue()


def ways(value: str) -> Iterator[bytes]:
    """Every way in which a text may stand somewhere."""
    for form_ in ("NFC", "NFD"):
        composed = unicodedata.normalize(form_, value)
        plain = composed.encode()
        yield plain
        yield composed.casefold().encode()
        yield composed.encode("utf-16-le")
        yield composed.encode("utf-16-be")
        yield json.dumps(composed)[1:-1].encode()
        yield quote(composed).encode()
        yield quote_plus(composed).encode()
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        for shift in range(3):  # base64 of something that has the value in its middle
            middle = base64.b64encode(bytes(shift) + plain)[4 if shift else 0 :]
            body = middle.rstrip(b"=")[:-2]
            yield body
            yield body.replace(b"+", b"-").replace(b"/", b"_")
    digits = "".join(c for c in value if c.isdigit())
    if len(digits) >= 9:
        yield digits.encode()


def positions() -> dict[str, set[bytes]]:
    """The picture's position and the one that was sent: as decimals, and as rationals in both byte orders."""
    found: dict[str, set[bytes]] = {"sent": {LAT[:-1].encode(), LON[:-1].encode()}, "gps": set()}
    for number in (float(LAT), float(LON)):
        found["sent"] |= {struct.pack("<d", number), struct.pack(">d", number)}
        found["sent"] |= {struct.pack(order + "d", number).hex().encode() for order in "<>"}
    for degrees, minutes, seconds in GPS:
        decimal = degrees + minutes / 60 + seconds / 3600
        found["gps"] |= {f"{decimal:.5f}"[:-1].encode(), f"{seconds:.4f}".encode()}
        top = int(seconds * 10_000)
        found["gps"] |= {struct.pack(order + "I", top + extra) for order in "<>" for extra in (0, 1)}
    return found


def needles() -> dict[str, set[bytes]]:
    """What to look for, by what it is."""
    texts = {f"picture {k}": v for k, v in IN_PICTURE.items()} | CONTACT | {"words": WORDS, "place": PLACE}
    texts |= {f"header {k}": v for k, v in HEADERS.items()} | {"address": ADDRESS}
    return {name: {w for w in ways(value) if len(w) > 7} for name, value in texts.items()} | positions()


def leaks(haystack: bytes, wanted: dict[str, set[bytes]]) -> set[str]:
    """Which of `wanted` stand in it."""
    return {name for name, forms in wanted.items() if any(one in haystack for one in forms)}


def test_the_search_finds_what_is_there() -> None:
    """Otherwise finding nothing would mean nothing."""
    wanted = needles()
    raw = picture()
    for name in IN_PICTURE:
        assert f"picture {name}" in leaks(raw, wanted), name
    assert "gps" in leaks(raw, wanted)
    for name, value in CONTACT.items():
        plain = f"…{value}…"
        for written in (
            plain.encode(),
            plain.encode("utf-16"),
            base64.b64encode(b"ab" + plain.encode()),
            base64.urlsafe_b64encode(b"a" + plain.encode()),
            plain.encode().hex().encode(),
            quote(plain).encode(),
            json.dumps(plain).encode(),
            unicodedata.normalize("NFD", plain).encode(),
        ):
            assert name in leaks(written, wanted), (name, written)
    assert "sent" in leaks(json.dumps({"lat": float(LAT)}).encode(), wanted)
    assert "address" in leaks(f"from {ADDRESS}".encode(), wanted)


@pytest.fixture
def sent(app: Any, client: Any, session: Any, run_jobs: Any, place: Any, caplog: Any) -> dict[str, Any]:
    """The report, routed, cleaned and published as an officer would, with what was logged and queued."""
    caplog.set_level(logging.INFO)
    factories.duyen_hai()
    data = form(client, description=WORDS, place_text=PLACE, lat=LAT, lon=LON, place_source="device")
    data |= CONTACT | {"contact_consent": "1", "photos": (io.BytesIO(picture()), "IMG_zq_owner.jpg")}
    client.set_cookie("rieng", "cookie-zq-4471")
    response = client.post(
        "/report",
        data=data,
        content_type="multipart/form-data",
        headers=HEADERS,
        environ_overrides={"REMOTE_ADDR": ADDRESS},
    )
    assert response.status_code == 303
    code = code_of(response)
    queued = redis_dump(place)
    if place.environ["REDIS_URL"]:
        assert queued, "the kick and the counter are in Redis"
    run_jobs()
    report = service.by_code(code)
    service.move(report, lifecycle.ASSIGNED, FRONT)
    assert [p.state for p in report.photos] == ["clean"]
    service.publish(
        report, FRONT, text="Bụi bay vào nhà dân", photo_ids={p.id for p in report.photos}, answer_ids=set()
    )
    report.publish_at = clock.now()
    session.commit()
    return {
        "code": code,
        "public_id": report.public_id,
        "photo": report.photos[0].public_id,
        "lon": report.public_lon,
        "lat": report.public_lat,
        "redis": queued + redis_dump(place),
    }


def redis_dump(place: Any) -> bytes:
    """Everything that lies in Redis now, compressed payloads opened."""
    url = place.environ["REDIS_URL"]
    if not url:
        return b""
    import zlib

    import redis

    parts: list[Any] = []
    with redis.from_url(url) as connection:
        for key in connection.scan_iter():
            kind = connection.type(key).decode()
            read = {
                "string": lambda k: [connection.get(k)],
                "hash": lambda k: [x for pair in connection.hgetall(k).items() for x in pair],
                "list": lambda k: connection.lrange(k, 0, -1),
                "set": lambda k: list(connection.smembers(k)),
                "zset": lambda k: connection.zrange(k, 0, -1),
            }.get(kind)
            assert read or kind == "stream", kind
            parts += [key, *(read(key) if read else [repr(connection.xrange(key)).encode()])]
    opened = []
    for part in parts:
        try:
            opened.append(zlib.decompress(part))
        except zlib.error:
            opened.append(part)
    return b"\n".join(opened)


def public_addresses(app: Any, sent: dict[str, Any]) -> Iterator[str]:
    """Every public address with this case in its places."""
    values = {"public_id": sent["public_id"], "request_id": sent["public_id"], "token": sent["public_id"]}
    values |= {"code": "coal_ash", "province": "86", "name": f"{sent['photo']}.webp", "rest": "x", "filename": "x"}
    values |= {"form": "csv", "year": "2026"}
    version = service_of_files.build()
    yield from (f"/open-data/{version}/{name}" for name in service_of_files.OF_A_VERSION)
    values["version"] = version
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or AUDIENCES.get(rule.endpoint.rpartition(".")[0]) != EVERYBODY:
            continue
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/r/<code>"):
            continue
        for fmt in ("json", "xml") if "fmt" in rule.arguments else (None,):
            for zoom in range(5, 19) if "z" in rule.arguments else (None,):
                given = dict(values)
                if fmt:
                    given["fmt"] = fmt
                if zoom is not None:
                    x, y = cells.tile_of(sent["lon"], sent["lat"], zoom)
                    given |= {"z": str(zoom), "x": str(x), "y": str(y)}
                unknown = rule.arguments - given.keys()
                assert not unknown, f"say what stands in {unknown} of {rule.rule}"
                built = rule.build({n: given[n] for n in rule.arguments}, append_unknown=False)
                assert built, rule.rule
                yield built[1]


def whole(response: Any) -> bytes:
    """An answer with its headers."""
    return response.get_data() + "\n".join(f"{k}: {v}" for k, v in response.headers).encode()


def test_nothing_leaves_through_any_public_page(app: Any, client: Any, sent: dict[str, Any], caplog: Any) -> None:
    wanted = needles()
    reached, seen = 0, 0
    for address in public_addresses(app, sent):
        for suffix in ("", "?q=1", f"?category=coal_ash&id={sent['public_id']}"):
            response = client.get(address + suffix)
            assert response.status_code < 500, address
            assert not leaks(whole(response), wanted), address + suffix
            reached += response.status_code == 200
            seen += sent["public_id"].encode() in response.get_data()
    assert reached > 40
    assert seen >= 10, "the case is there: lists, tiles, its page, Open311"
    assert not leaks(caplog.text.encode(), wanted)


def test_the_picture_that_everybody_sees_is_clean(client: Any, sent: dict[str, Any]) -> None:
    wanted = needles()
    for name in (f"{sent['photo']}.webp", f"{sent['photo']}-s.webp"):
        response = client.get(f"/photos/{name}")
        if response.status_code == 200:
            assert not leaks(whole(response), wanted), name
            assert not Image.open(io.BytesIO(response.get_data())).getexif()
    assert client.get(f"/photos/{sent['photo']}.webp").status_code == 200


def test_the_senders_own_page_and_the_desk_show_no_contact_and_no_device(
    client: Any, session: Any, sent: dict[str, Any], caplog: Any
) -> None:
    wanted = {n: f for n, f in needles().items() if n not in {"words", "place", "sent"}}
    assert not leaks(whole(client.get(f"/r/{sent['code']}")), wanted)
    people("commune", "unit2")
    for who, address in (("commune", "/desk"), ("unit2", "/unit")):
        sign_in(client, who)
        for path in (address, f"{address}/cases/{sent['public_id']}"):
            response = client.get(path)
            assert response.status_code == 200, path
            assert not leaks(whole(response), wanted), path
    assert not leaks(caplog.text.encode(), needles())


def test_nothing_lies_in_jobs_redis_files_or_tables(
    client: Any, session: Any, sent: dict[str, Any], place: Any, caplog: Any
) -> None:
    wanted = needles()
    assert not leaks(sent["redis"], wanted)
    assert not leaks(caplog.text.encode(), wanted)
    files = [path for path in (place.home / "storage").rglob("*") if path.is_file()]
    assert len(files) >= 3  # the sealed original and two clean copies
    for path in files:
        assert not leaks(path.read_bytes() + str(path).encode(), wanted), path.name
    # What the sender said is in its two columns, the place in its own, and nothing anywhere else.
    allowed = {("reports", "description"), ("reports", "place_text"), ("reports", "location")}
    for table in Base.metadata.sorted_tables:
        columns = [c.name for c in table.columns if (table.name, c.name) not in allowed]
        rows = session.execute(select(*(table.c[name] for name in columns))).all()
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                assert not leaks(raw, wanted), (table.name, column)


def test_staffs_notes_about_the_contact_say_nothing_of_it(client: Any, session: Any, sent: dict[str, Any]) -> None:
    """Opening the contact shows it in that one answer; afterwards it stands nowhere."""
    people("commune")
    sign_in(client, "commune")
    wanted = {n: f for n, f in needles().items() if n in CONTACT}
    where = f"/desk/cases/{sent['public_id']}"
    page = client.get(where).get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "contact_reason": "Hỏi lại giờ xe chạy"}
    opened = client.post(f"{where}/contact", data=data)
    assert opened.status_code == 200
    assert leaks(opened.get_data(), wanted) == set(CONTACT)
    for path in (where, "/desk", f"/r/{sent['code']}"):
        assert not leaks(whole(client.get(path)), wanted), path
    for data in session.execute(text("SELECT data FROM events")).scalars():
        assert not leaks(str(data).encode(), wanted)
