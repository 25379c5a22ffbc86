"""Finding a case by what one remembers of it, and only in what one may read."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import FRONT, case, people, sign_in
from webapp.accounts import permissions as p
from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.core.db import db
from webapp.reports import feedback, lifecycle, queue, search, service
from webapp.reports.models import Report
from webapp.reports.queue import Filters

COMMUNE = Identity(p.COMMUNE_FRONT, 1, "mttq-29512", "29512", "86")
PROVINCE = Identity(p.PROVINCE_FRONT, 1, "mttq-86", None, "86")
CENTRAL = Identity(p.CENTRAL_FRONT, 1, "mttq-tw")
UNIT = Identity(p.UNIT_OFFICER, 1, "ubnd-29512", "29512", "86")


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def found(typed: str, identity: Identity = COMMUNE, tab: str = "now") -> set[int]:
    filters = Filters(words=search.words(typed))
    return {row.id for row in queue.page(identity, tab, filters, clock.now()).rows}


def test_words_are_found_with_and_without_diacritics() -> None:
    sand = case(
        category_code="coal_ash", description="Ghe hút cát (đêm) neo sát bờ, gần cầu sắt", place_text="ấp Cồn Cù"
    )
    other = case(description="Đốt rơm rạ")
    for typed in ("hút cát", "hut cat", "HUT CÁT", "con cu", "cau sat hut", "dem", "hut c"):
        assert found(typed) == {sand.id}, typed
    assert found("rom ra") == {other.id}
    assert found("duyen hai") == {sand.id, other.id}
    assert found("tro xi") == {sand.id}, "the name of the kind"
    assert found(sand.public_id[:5].upper()) == {sand.id}
    for typed in ("hut rom", "%", "_", "…", "' or 1=1"):
        assert found(typed) == set(), typed
    assert found("  ") == {sand.id, other.id}


def test_a_unit_does_not_find_by_what_the_sender_said() -> None:
    report = case(lifecycle.ASSIGNED, description="Chị Ba gần cầu sắt", place_text="hẻm nhỏ")
    assert found("cau sat", COMMUNE, "units") == {report.id}
    assert found("cau sat", UNIT) == found("hem nho", UNIT) == set()
    assert found("duyen hai", UNIT) == {report.id}
    service.publish(report, FRONT, text="Rác đổ bên bờ kênh", photo_ids=set(), answer_ids=set())
    db.session.flush()
    assert found("bo kenh", UNIT) == {report.id}


def test_the_text_follows_every_change() -> None:
    report = case(description="Rác thải")
    report.description = "Nước đen"
    db.session.flush()
    assert (found("rac thai", tab="all"), found("nuoc den")) == (set(), {report.id})
    db.session.execute(search.ReportSearch.__table__.update().values(told=" x ", shared=" x "))
    assert found("nuoc den") == set()
    last, rounds = search.rebuild(), 0
    while last and rounds < 5:
        last, rounds = search.rebuild(last), rounds + 1
    assert found("nuoc den") == {report.id}


def test_a_word_without_end_is_taken_and_found_by_its_beginning() -> None:
    report = case(description="x" * 1900 + " cát", place_text="đ" * 300)
    assert found("x" * 78) == found("dddd") == found("cat") == {report.id}


@pytest.mark.parametrize("few", [0, 300], ids=["along the lanes", "by words"])
def test_whatever_is_typed_finds_what_the_texts_hold(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(queue, "FEW", few)
    chance = random.Random(7)
    said = ("rác", "rạch", "cát", "cá", "tôm", "chết", "cầu sắt", "Đêm", "xỉ")
    statuses = (lifecycle.RECEIVED, lifecycle.ANSWERED, lifecycle.ASSIGNED, lifecycle.CLOSED)
    every = [
        case(statuses[n % 4], description=" ".join(chance.choices(said, k=chance.randint(1, 6)))) for n in range(8)
    ]
    texts = {r.id: db.session.get(search.ReportSearch, r.id) for r in every}
    typed = [
        " ".join(chance.choices((*said, "r", "ca", "che", "sat", "duyen", "ubnd"), k=k)) for k in (1, 1, 2, 2, 3, 4)
    ]
    typed += ["rac", "r", "ca", every[0].public_id, every[0].public_id[:6], "duyen hai", "hai duyen", "khong co"]
    seen = 0
    for words in map(search.words, typed):
        phrase = re.compile(rf" {' '.join(words)}")
        for identity in (COMMUNE, PROVINCE, CENTRAL, UNIT):
            for tab in ("now", "units", "all", "ended", "in_progress"):
                if tab not in queue.tabs_of(identity):
                    continue
                whole = {row.id for row in queue.page(identity, tab, Filters(), clock.now()).rows}
                held = {n: texts[n].shared if identity is UNIT else texts[n].told for n in whole}
                right = {n for n, t in held.items() if phrase.search(t) or all(f" {w} " in t for w in words)}
                got = {row.id for row in queue.page(identity, tab, Filters(words=words), clock.now()).rows}
                assert got == right, (words, identity.role, tab)
                seen += len(got)
    assert seen > 50


@pytest.mark.parametrize("few", [0, 300], ids=["along the lanes", "by words"])
def test_search_sorts_and_pages_as_the_whole_list_does(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(queue, "FEW", few)
    now = clock.now()
    every = [
        case(status) for status in (lifecycle.RECEIVED, lifecycle.ANSWERED, lifecycle.VERIFIED, lifecycle.ASSIGNED)
    ]
    every += [case(), case()]
    every[3].due_at = every[4].due_at = now - now.resolution
    every[5].due_at = None
    db.session.flush()
    for size in (2, 50):
        monkeypatch.setattr(queue, "PAGE", size)
        for tab in queue.FRONT_TABS:
            plain, searched = walk(tab, ()), walk(tab, ("gan", "cau"))
            assert plain == searched, tab
            assert len(plain) == len(set(plain)) == queue.counts(COMMUNE, now)[tab], tab


def walk(tab: str, words: tuple[str, ...]) -> list[int]:
    now, after, seen = clock.now(), "", []
    for _ in range(20):
        page = queue.page(COMMUNE, tab, Filters(words=words), now, after)
        seen += [row.id for row in page.rows]
        after = page.after
        if not after:
            return seen
    raise AssertionError("no end")


def test_what_comes_back_says_why(session: Any) -> None:
    answered: Report = case(lifecycle.ANSWERED)
    feedback.say(answered, feedback.NO, None, "", ())
    db.session.flush()
    row = queue.page(COMMUNE, "now", Filters(), clock.now()).rows[0]
    assert (row.why, row.status) == ("objected", lifecycle.ANSWERED)
    feedback.uphold(answered, FRONT, "đã kiểm tra")
    db.session.flush()
    assert queue.page(COMMUNE, "now", Filters(), clock.now()).rows[0].why == "answered"


def test_the_page_keeps_what_was_typed(client: Any) -> None:
    people("commune")
    case()
    page = sign_in(client, "commune").get('/desk?q="><script>').get_data(as_text=True)
    assert "<script>" not in page.split("<main", 1)[1].split("</main>")[0]
    assert "&lt;script&gt;" in page or "&#34;&gt;" in page
