"""Old addresses find today's communes: every ward of before 1 July 2025, and what people write."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from webapp.areas import legacy, places, queries, succession
from webapp.areas.approximate import CODES, data_folder
from webapp.areas.legacy import DISTRICT, FORMER_PROVINCE, WARD, LegacyPlace
from webapp.areas.models import Area

pytestmark = pytest.mark.template("areas")

# former province -> (its wards, the communes of today that they are part of), counted by hand in the lists of
# the four provinces; the province of today
COUNTED = {
    "Tỉnh Trà Vinh": (104, 41, "86"),
    "Tỉnh Bình Phước": (111, 40, "75"),
    "Tỉnh Hải Dương": (207, 65, "31"),
    "Tỉnh Điện Biên": (129, 45, "11"),
}


def independent(province: str) -> dict[str, set[str]]:
    """Code of each former ward of a province -> codes of today, by a join in the package's own database and the
    converter's lists the other way round than the loader reads them."""
    converter = json.loads((data_folder() / "converter_2025.json").read_text("utf-8"))
    pairs = [
        (part, f"{new_province}/{ward}")
        for new_province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items()
        for ward, parts in wards.items()
        for part in parts
    ] + [
        (part, f"{new_province}/{target['newWardKey']}")
        for new_province, parts in converter["DICT_PROVINCE_WARD_DIVIDED"].items()
        for part, targets in parts.items()
        for target in targets
    ]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("ATTACH ? AS package", (str(data_folder() / "dataset.db"),))
        connection.execute("CREATE TABLE went (part TEXT, into_key TEXT)")
        connection.executemany("INSERT INTO went VALUES (?, ?)", pairs)
        rows = connection.execute(
            "SELECT l.wardCode, n.wardCode FROM package.admin_units_legacy l"
            " JOIN went w ON w.part = l.provinceKey || '_' || l.districtKey || '_' || l.wardKey"
            " JOIN package.admin_units n ON n.provinceKey || '/' || n.wardKey = w.into_key WHERE l.province = ?",
            (province,),
        ).fetchall()
    found: dict[str, set[str]] = {}
    for old, new in rows:
        found.setdefault(old, set()).add(CODES.get(new, new))
    return found


def test_every_ward_of_the_four_provinces_lies_in_communes_that_exist_today(session: Any) -> None:
    exist = set(session.scalars(select(Area.code).where(Area.level == "commune", queries.valid_on(None))))
    for province, (wards, communes, province_today) in COUNTED.items():
        query = select(LegacyPlace).where(LegacyPlace.level == WARD, LegacyPlace.within.endswith(province))
        found = {place.code: set(place.today) for place in session.scalars(query)}
        assert len(found) == wards, province
        today = set().union(*found.values())
        assert len(today) == communes and today <= exist, province
        assert found == independent(province), province
        parents = session.scalars(select(Area.parent_code).where(Area.code.in_(today), queries.valid_on(None)))
        assert set(parents) == {province_today}
        ends = succession.currents_of("area", today)
        assert all(ends[code] == (code,) for code in today)


def test_the_whole_country_resolves(session: Any) -> None:
    session.execute(delete(LegacyPlace))
    written = legacy.load()
    numbers = dict(session.execute(select(LegacyPlace.level, func.count()).group_by(LegacyPlace.level)).all())
    # 10,040 wards in the package, five of which are island districts without any.
    assert numbers == {WARD: 10_035, DISTRICT: 696, FORMER_PROVINCE: 63}
    assert written == sum(numbers.values())
    exist = set(session.scalars(select(Area.code).where(queries.valid_on(None))))
    assert all(place.today and exist.issuperset(place.today) for place in session.scalars(select(LegacyPlace)))
    assert legacy.load() == 0


@pytest.mark.parametrize(
    ("typed", "first", "old"),
    [
        ("xã Long Đức, TP Trà Vinh, Trà Vinh", "Phường Long Đức", "Xã Long Đức, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("xa long duc tp tra vinh", "Phường Long Đức", "Xã Long Đức, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("phường Long Đức TP. Trà Vinh", "Phường Long Đức", "Xã Long Đức, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("P. 9, TP Trà Vinh", "Phường Trà Vinh", "Phường 9, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("P07 TP Trà Vinh", "Phường Nguyệt Hóa", "Phường 7, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        # Phường 6 became part of phường 3 years before.
        ("P. 6 TP Trà Vinh", "Phường Trà Vinh", "Phường 3, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("P. Phú Thịnh TX Bình Long", "Phường An Lộc", "Phường Phú Thịnh, Thị xã Bình Long, Tỉnh Bình Phước"),
        ("TT. Cầu Ngang, H. Cầu Ngang", "Xã Cầu Ngang", "Thị trấn Cầu Ngang, Huyện Cầu Ngang, Tỉnh Trà Vinh"),
        ("tỉnh Bình Phước", "Thành phố Đồng Nai", "Tỉnh Bình Phước"),
    ],
)
def test_what_people_write_finds_the_commune_of_today(session: Any, typed: str, first: str, old: str) -> None:
    found = places.find(typed)
    assert (found[0].area.name, found[0].formerly) == (first, old)
    assert queries.search(typed)[0].code == found[0].area.code


def test_one_old_place_in_several_communes_offers_them_all(session: Any) -> None:
    divided = next(p for p in session.scalars(select(LegacyPlace).where(LegacyPlace.level == WARD)) if len(p.today) > 1)
    found = places.find(divided.full_name)
    assert [f.area.code for f in found][: len(divided.today)] == divided.today
    assert {f.formerly for f in found} == {divided.full_name}


def test_a_name_of_today_is_found_by_itself(session: Any) -> None:
    assert {f.formerly for f in places.find("phường Duyên Hải")} == {None}
    assert places.find("phường Duyên Hải")[0].area.code == "29512"


@pytest.mark.parametrize(
    "typed", ["", "   ", "xã", "%", "_", "'", "p 1 " * 500, "đ" * 100_000, "\x00", "99999999999999999"]
)
def test_no_text_breaks_the_search(session: Any, typed: str) -> None:
    assert isinstance(places.find(typed), list)
