"""Open data as files: every public case and no other, in every format the same, dated, checked, for a while."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from tests.integration.public_world import case, many
from tests.integration.test_public_pages import check_page
from webapp.core import clock
from webapp.core.instance import instance
from webapp.opendata import service
from webapp.opendata.models import OpenDataVersion
from webapp.opendata.schema import FIELDS, NAMES
from webapp.opendata.writers import FORMATS
from webapp.reports import lifecycle, privacy
from webapp.reports.models import Report


def build(session: Any) -> str:
    """A new version of what has been written."""
    session.commit()
    return service.build()


def fetched(client: Any, version: str, name: str) -> bytes:
    answer = client.get(f"/open-data/{version}/{name}")
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


def lines(client: Any, version: str) -> dict[str, dict[str, Any]]:
    """The cases of a version by id, from JSON Lines."""
    found = [json.loads(line) for line in fetched(client, version, "reports.jsonl").splitlines()]
    return {record["id"]: record for record in found}


def test_every_public_case_and_no_other(session: Any, client: Any) -> None:
    factories.duyen_hai()
    now = clock.now()
    reports = many(300)
    wanted = {r.public_id for r in reports if privacy.is_public(r, now) and r.status != lifecycle.DUPLICATE}
    hidden = {r.public_id for r in reports} - wanted
    assert hidden
    version = build(session)
    assert set(lines(client, version)) == wanted
    everything = b"".join(fetched(client, version, name) for name in FORMATS)
    assert not [public_id for public_id in hidden if public_id.encode() in everything]
    assert "điều chỉ cán bộ được đọc".encode() not in everything


def test_a_row_says_what_the_case_page_may_say(session: Any, client: Any) -> None:
    factories.duyen_hai()
    screened = case(unit_code="so-nnmt-86", public_text="=Bãi rác; 2 xe\nmỗi đêm")
    passed_on = case(status=lifecycle.IN_PROGRESS, unit_code="so-nnmt-86", due_at=clock.now() - timedelta(days=2))
    given = {r.public_id: privacy.public_case(r, clock.now()) for r in (screened, passed_on)}
    ids = screened.public_id, passed_on.public_id
    found = lines(client, build(session))
    for public_id, shown in given.items():
        record = found[public_id]
        assert shown is not None
        assert record["url"] == f"http://127.0.0.1:8000/cases/{public_id}" or record["url"].endswith(public_id)
        assert (record["status"], record["unit"], record["commune"]) == (shown.status, shown.unit_code, shown.area_code)
        assert datetime.fromisoformat(record["reported_at"]) == shown.reported_at
        assert datetime.fromisoformat(record["updated_at"]) == shown.updated_at
        assert (record["lon"], record["lat"], record["overdue"]) == (shown.lon, shown.lat, shown.overdue)
    first, second = (found[public_id] for public_id in ids)
    assert first["unit"] is first["unit_name"] is None  # only the machine's proposal
    assert second["unit_name"] == "Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long"
    assert first["text"] == "=Bãi rác; 2 xe\nmỗi đêm"
    assert (first["commune_name"], first["province_name"]) == ("Phường Duyên Hải", "Tỉnh Vĩnh Long")
    assert first["precision_m"] is None  # without a position of its own, the commune's stands for it


def test_all_formats_say_the_same(session: Any, client: Any, tmp_path: Any) -> None:
    factories.duyen_hai()
    many(60)
    case(public_text="=1+1", lon=106.5, lat=9.6)
    version = build(session)
    records = lines(client, version)
    table = fetched(client, version, "reports.csv").decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table))}
    assert rows.keys() == records.keys()
    for public_id, row in rows.items():
        assert tuple(row) == NAMES
        for name, value in records[public_id].items():
            text = {None: "", True: "true", False: "false"}.get(value, str(value)) if not value else str(value)
            text = "true" if value is True else text
            assert row[name] in (text, f"'{text}"), name
    assert any(row["text"] == "'=1+1" for row in rows.values())  # no spreadsheet program runs it
    features = json.loads(fetched(client, version, "reports.geojson"))["features"]
    for found in features:
        record = records[found["id"]]
        assert found["geometry"] == {"type": "Point", "coordinates": [record["lon"], record["lat"]]}
        assert found["properties"] == {n: v for n, v in record.items() if n not in ("lon", "lat")}
    assert len(features) == len(records)
    path = tmp_path / "reports.gpkg"
    path.write_bytes(fetched(client, version, "reports.gpkg"))
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    for row in base.execute("SELECT * FROM reports"):
        record = records[row["id"]]
        for field in FIELDS:
            value = record[field.name]
            if field.kind == "datetime" and value:
                value = f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
            assert row[field.name] == value, field.name
        assert struct.unpack("<dd", row["geom"][-16:]) == (record["lon"], record["lat"])
    assert base.execute("SELECT count(*) FROM reports").fetchone()[0] == len(records)
    base.close()


def test_checksums_sizes_and_the_descriptor_are_true(session: Any, client: Any) -> None:
    many(40)
    version = build(session)
    package = json.loads(fetched(client, version, "datapackage.json"))
    assert (package["version"], package["rows"]) == (version, len(lines(client, version)))
    assert package["licenses"][0]["title"].endswith("(CC BY 4.0)")
    for resource in package["resources"]:
        data = fetched(client, version, resource["path"])
        assert resource["bytes"] == len(data)
        assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
        assert [field["name"] for field in resource["schema"]["fields"]] == list(NAMES)
    sums = fetched(client, version, "SHA256SUMS").decode().splitlines()
    assert len(sums) == len(FORMATS) + 1
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256(fetched(client, version, name)).hexdigest() == digest


def test_what_is_taken_back_is_gone_from_the_next_version_on(session: Any, client: Any) -> None:
    kept, withdrawn, doubled = case(), case(), case()
    ids = [r.public_id for r in (kept, withdrawn, doubled)]
    first = build(session)
    before = fetched(client, first, "reports.csv")
    withdrawn.status, doubled.status, doubled.duplicate_of_id = lifecycle.WITHDRAWN, lifecycle.DUPLICATE, kept.id
    second = build(session)
    assert (first, second) == (clock.today().isoformat(), f"{clock.today().isoformat()}.2")
    assert set(lines(client, first)) == set(ids)
    assert fetched(client, first, "reports.csv") == before  # a version never changes
    assert set(lines(client, second)) == {ids[0]}
    moved = client.get("/open-data/latest/reports.csv")
    assert moved.status_code == 302
    assert moved.headers["Location"] == f"/open-data/{second}/reports.csv"


def test_only_so_many_versions_are_kept(session: Any, client: Any, app: Any) -> None:
    case()
    made = instance()
    app.extensions["dgs"] = replace(made, settings=replace(made.settings, open_data_keep=2))
    names = [build(session) for _ in range(3)]
    assert [v.name for v in service.versions()] == names[:0:-1]
    assert client.get(f"/open-data/{names[0]}/reports.csv").status_code == 404
    assert not [n for n in service.OF_A_VERSION if made.storage.has(service.stored_as(names[0], n))]
    assert made.storage.has(service.stored_as(names[1], "reports.csv"))


def test_a_build_that_fails_leaves_nothing(session: Any, client: Any, monkeypatch: Any) -> None:
    case()
    session.commit()

    def full(*_args: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(service.Storage, "put", full)
    with pytest.raises(OSError, match="no space"):
        service.build()
    monkeypatch.undo()
    assert service.versions() == []
    assert session.get(OpenDataVersion, clock.today().isoformat()) is None
    assert not instance().storage.has(service.stored_as(clock.today().isoformat(), "reports.csv"))
    assert build(session) == clock.today().isoformat()


def test_each_night_one_version_though_it_is_asked_every_hour(session: Any, monkeypatch: Any) -> None:
    case()
    session.commit()
    midnight = clock.local(clock.now()).replace(hour=0, minute=20)
    made = []
    for hours in range(26):
        monkeypatch.setattr(clock, "now", lambda at=midnight + timedelta(hours=hours): at.astimezone(UTC))
        made.append(service.nightly())
    days = [name for name in made if name]
    assert days == [midnight.date().isoformat(), (midnight.date() + timedelta(days=1)).isoformat()]
    assert (made.index(days[0]), made.index(days[1])) == (1, 25)


def test_the_page_tells_what_there_is(session: Any, client: Any) -> None:
    session.commit()
    for address in ("/open-data", "/data"):
        answer = client.get(address)
        check_page(answer)
        assert "Chưa có tệp nào" in answer.text
    case()
    build(session)
    version = build(session)
    for lang, word in (("vi", "Dữ liệu mở"), ("en", "Open data"), ("km", "ទិន្នន័យបើក")):
        client.set_cookie("lang", lang)
        answer = client.get("/open-data")
        check_page(answer)
        assert f"<h1>{word}</h1>" in answer.text
        assert f"/open-data/{version}/reports.gpkg" in answer.text
        assert "CC BY 4.0" in answer.text
        for found in service.versions()[0].files:
            assert found["sha256"] in answer.text


def test_a_download_can_go_on_where_it_broke_off(session: Any, client: Any) -> None:
    many(30)
    address = f"/open-data/{build(session)}/reports.jsonl"
    whole = client.get(address)
    assert int(whole.headers["Content-Length"]) == len(whole.data)
    assert "Set-Cookie" not in whole.headers
    assert "Cookie" not in whole.headers.get("Vary", "")
    rest = client.get(address, headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.data) == (206, whole.data[100:])
    assert client.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
    again = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for wrong in ("/open-data/2020-01-01/reports.csv", "/open-data/latest/keys.env", "/open-data/latest/..%2fx"):
        assert client.get(wrong).status_code == 404


def test_operators_build_and_list_versions(app: Any, session: Any) -> None:
    case()
    session.commit()
    said = app.test_cli_runner().invoke(args=["opendata", "build"])
    assert said.exit_code == 0, said.output
    assert said.output.startswith(f"{clock.today().isoformat()}: 1 cases, reports.csv")
    assert clock.today().isoformat() in app.test_cli_runner().invoke(args=["opendata", "list"]).output


def test_the_jobs_of_the_schedule_make_it(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    from webapp.core import outbox

    noon = clock.local(clock.now()).replace(hour=12)
    monkeypatch.setattr(clock, "now", lambda: noon.astimezone(UTC))
    case()
    outbox.enqueue("opendata.nightly")
    outbox.enqueue("opendata.nightly")
    assert run_jobs() == 2
    assert [v.rows for v in service.versions()] == [1]
    assert session.query(Report).count() == 1
