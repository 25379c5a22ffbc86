"""What everybody sees of cases: home, list, case page, pictures. And what nobody must see."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import html5lib

from tests import factories
from tests.integration.public_world import case, counted_statements, facts, many, on_the_map
from webapp.core import clock, events
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.inspections import service as inspections
from webapp.reports import lifecycle, privacy, queries, service
from webapp.reports.models import Answer, Photo, Report
from webapp.reports.queries import Filters
from webapp.routing import terms

FRONT = Actor("front", None, "mttq-29512")
SECRET = "điều chỉ cán bộ được đọc"
BOX = "105,9,108,12"


def check_page(answer: Any) -> Any:
    """The page as a tree, after what every page must keep to: one h1, ids only once, labels, no inline script."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(answer.text)
    assert len(list(tree.iter("h1"))) == 1
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {label.get("for") for label in tree.iter("label")}
    inside = {id(e) for label in tree.iter("label") for e in label.iter()}
    for field in (e for tag in ("input", "select", "textarea") for e in tree.iter(tag)):
        if field.get("type") != "hidden":
            assert field.get("id") in labelled or id(field) in inside, field.attrib
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    for script in tree.iter("script"):
        assert nonce and script.get("nonce") == nonce[1]
    assert not [e for e in tree.iter() if e.get("style")]
    headings = [int(e.tag[1]) for e in tree.iter() if isinstance(e.tag, str) and re.fullmatch(r"h[1-6]", e.tag)]
    assert all(after <= before + 1 for before, after in pairwise(headings)), headings
    return tree


def listed(answer: Any) -> list[str]:
    return re.findall(r'href="/cases/(\w+)"', answer.text)


def photo(report: Report, **values: Any) -> Photo:
    given: dict[str, Any] = {
        "public_id": "abc123def456ghj789kp",
        "report_id": report.id,
        "purpose": "report",
        "original": "sealed/x",
        "sha256": "0" * 64,
        "size": 3,
        "mime": "image/jpeg",
        "state": "clean",
        "public": True,
        "created_at": clock.now(),
    } | values
    made = Photo(**given)
    report.photos.append(made)
    instance().storage.put(made.clean_name, b"large")
    instance().storage.put(made.thumb_name, b"small")
    return made


# -- what is hidden ----------------------------------------------------------------------------------------------


def test_hidden_delayed_and_double_cases_are_nowhere(session: Any, client: Any) -> None:
    factories.duyen_hai()
    now = clock.now()
    original = case()
    hidden = case(publish_at=None)
    delayed = case(publish_at=now + timedelta(hours=1))
    double = case(status=lifecycle.DUPLICATE, duplicate_of_id=original.id)
    rejected = case(status=lifecycle.REJECTED)
    ids = {
        name: r.public_id
        for name, r in (("r", rejected), ("h", hidden), ("d", delayed), ("2", double), ("o", original))
    }
    pages = ["/", "/map", "/map?status=overdue", "/map?province=86", "/map?commune=29512", f"/map/list?bbox={BOX}"]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        for name in ("h", "d", "r", "2"):
            assert ids[name] not in answer.text, (address, name)
    assert ids["o"] in client.get("/map").text
    for name in ("h", "d", "r"):
        for address in (f"/cases/{ids[name]}", f"/map/cases/{ids[name]}"):
            assert client.get(address).status_code == 404
        assert client.get(f"/map?after={ids[name]}").status_code == 400
    # The double's own address stays, and leads to the original.
    answer = client.get(f"/cases/{ids['2']}")
    assert answer.status_code == 200
    assert f'href="/cases/{ids["o"]}"' in answer.text


def test_a_double_does_not_lead_to_what_is_hidden(session: Any, client: Any) -> None:
    hidden = case(publish_at=None)
    double = case(status=lifecycle.DUPLICATE, duplicate_of_id=hidden.id)
    hidden_id, double_id = hidden.public_id, double.public_id
    answer = client.get(f"/cases/{double_id}")
    assert answer.status_code == 200
    assert hidden_id not in answer.text


def test_the_senders_words_and_the_proposed_unit_stay_inside(session: Any, client: Any) -> None:
    report = case(unit_code="so-nnmt-86", status=lifecycle.SCREENING)
    public_id = report.public_id
    unit = "Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long"
    for address in ("/", "/map", f"/map/cases/{public_id}", f"/cases/{public_id}", f"/map/list?bbox={BOX}"):
        answer = client.get(address, headers={"Accept-Language": "vi"})
        assert answer.status_code == 200
        assert SECRET not in answer.text
        assert unit not in answer.text
    report.status = lifecycle.ASSIGNED
    report.public_text = "Tro bụi bay vào khu dân cư"
    session.flush()
    answer = client.get(f"/cases/{public_id}", headers={"Accept-Language": "vi"})
    assert unit in answer.text
    assert "Tro bụi bay vào khu dân cư" in answer.text
    assert SECRET not in answer.text


def test_rows_say_what_privacy_says(session: Any) -> None:
    many(120, seed=5)
    now = clock.now()
    page = queries.public_list(Filters(), now, limit=500)
    assert len(page.rows) > 50
    for row in page.rows:
        report = session.query(Report).filter_by(public_id=row.id).one()
        whole = privacy.public_case(report, now)
        assert whole is not None
        for name in row.__slots__:
            assert getattr(row, name) == getattr(whole, name), name


# -- the list ------------------------------------------------------------------------------------------------------


def test_paging_shows_every_case_once_both_ways(session: Any, client: Any) -> None:
    same = clock.now() - timedelta(days=2)
    known = facts(many(130, seed=2) + [case(created_at=same, publish_at=same) for _ in range(25)])
    now = clock.now()
    public = [f for f in known if privacy.is_public(f, now) and f.status != lifecycle.DUPLICATE]
    wanted = [f.public_id for f in public]
    address, seen, last = "/map", [], ""
    while address:
        answer = client.get(address)
        seen.append(listed(answer))
        link = re.search(r'<a rel="next" href="/map\?([^"#]+)#list"', answer.text)
        last, address = address, f"/map?{link[1].replace('&amp;', '&')}" if link else ""
    forwards = [i for page in seen for i in page]
    assert sorted(forwards) == sorted(wanted)
    assert len(seen) == -(-len(wanted) // queries.PAGE)
    days = {f.public_id: f.created_at for f in public}
    assert all(days[a] >= days[b] for a, b in pairwise(forwards))
    back = [listed(client.get(last))]
    address = last
    while link := re.search(r'<a rel="prev" href="/map\?([^"#]+)#list"', client.get(address).text):
        address = f"/map?{link[1].replace('&amp;', '&')}"
        back.append(listed(client.get(address)))
    assert list(reversed(back)) == seen


def test_the_list_of_a_box_is_that_box(session: Any, client: Any) -> None:
    known = facts(many(150, seed=9))
    now = clock.now()
    for west, south, east, north in (
        (106.4, 9.5, 106.6, 9.7),
        (105.5, 9.3, 106.0, 11.0),
        (106.5, 9.6, 106.50001, 9.60001),
    ):
        found: list[str] = []
        address = f"/map/list?bbox={west},{south},{east},{north}"
        while address:
            answer = client.get(address)
            assert answer.status_code == 200
            found += listed(answer)
            link = re.search(r'data-more href="([^"]+)"', answer.text)
            address = link[1].replace("&amp;", "&") if link else ""
        assert sorted(found) == sorted(
            f.public_id
            for f in known
            if privacy.is_public(f, now)
            and f.status != lifecycle.DUPLICATE
            and west <= f.public_lon <= east
            and south <= f.public_lat <= north
        )
        assert found


def test_bad_addresses_of_the_list_are_refused(session: Any, client: Any) -> None:
    bad = ["", "bbox=1,2,3", "bbox=1,2,nan,4", "bbox=10,1,5,2", "bbox=170,1,190,2", "bbox=1,5,2,5", "bbox=" + "1" * 99]
    for query in (*bad, f"bbox={BOX}&after=none", f"bbox={BOX}&after=%00", f"bbox={BOX}&status=x"):
        assert client.get(f"/map/list?{query}").status_code == 400, query


def test_a_wrong_filter_is_named_and_the_others_kept(session: Any, client: Any) -> None:
    case(status=lifecycle.CLOSED)
    for query, word in (
        ("status=nothing&category=coal_ash", "no such state"),
        ("group=nothing", "no such kind"),
        ("days=8", "not offered"),
        ("from=2026-05-01&to=2026-04-01", "days are not valid"),
        ("province=99", "no such province"),
        ("commune=99999", "no such province"),
        ("unit=nobody", "no such unit"),
        ("after=nothing", "no longer there"),
        ("before=%00", "no longer there"),
    ):
        answer = client.get(f"/map?{query}", headers={"Accept-Language": "en"})
        assert answer.status_code == 400, query
        assert word in answer.text, query
    assert 'name="category" value="coal_ash"' in client.get("/map?status=nothing&category=coal_ash").text
    # Links that people share pick up parameters on their way.
    assert client.get("/map?fbclid=x&utm_source=zalo&status=done").status_code == 200


def test_filters_work_without_script(session: Any, client: Any) -> None:
    factories.duyen_hai()
    done = case(status=lifecycle.CLOSED, category_code="noise").public_id
    due = clock.now() - timedelta(days=9)
    late = case(status=lifecycle.ASSIGNED, due_at=due, area_code="29413").public_id
    old = case(created_at=clock.now() - timedelta(days=50)).public_id
    for query, expected in (
        ("status=done", [done]),
        ("status=overdue", [late]),
        ("category=noise", [done]),
        ("days=30", [late, done]),
        ("days=90", [late, done, old]),
        ("commune=29413&province=86", [late]),
        ("group=&status=&days=&province=", [late, done, old]),
    ):
        assert sorted(listed(client.get(f"/map?{query}"))) == sorted(expected), query
    answer = client.get("/map?status=overdue&province=86", headers={"Accept-Language": "en"})
    tree = check_page(answer)
    assert f"{terms.days_late(due, clock.now())} days overdue" in answer.text
    marked = [e for e in tree.iter("input") if e.get("checked") is not None and e.get("name") != "view"]
    chosen = [e.get("value") for e in marked]
    assert chosen == ["", "overdue", ""]
    assert 'value="29413"' in answer.text  # communes of the chosen province
    assert client.get("/cases?status=done").headers["Location"] == "/map?status=done"


def test_the_number_of_statements_does_not_grow_with_the_list(session: Any, client: Any) -> None:
    factories.duyen_hai()
    used = []
    for count in (60, 180):  # more than one page of the list
        many(count, seed=count)
        client.get("/map")
        with counted_statements() as statements:
            client.get("/map")
            client.get("/")
        used.append(len(statements))
    assert used[0] == used[1] <= 16, used


# -- the case page -------------------------------------------------------------------------------------------------


def test_the_case_page_tells_the_story(session: Any, client: Any) -> None:
    factories.duyen_hai()
    report = case(status=lifecycle.NEW, unit_code="so-nnmt-86")
    events.append(service.stream(report), "report:submitted", events.REPORTER, public=True, category="coal_ash")
    service.move(report, lifecycle.RECEIVED, events.SYSTEM)
    service.move(report, lifecycle.ASSIGNED, FRONT)
    report.due_at = clock.now() - timedelta(days=9)
    report.public_text = "Tro bụi <b>bay</b> vào khu dân cư"
    public_id = report.public_id
    answer = client.get(f"/cases/{public_id}", headers={"Accept-Language": "en"})
    check_page(answer)
    for words in (
        "Sent to the responsible unit",
        "The Fatherland Front has passed the case to the unit responsible for it.",
        f"{terms.days_late(report.due_at, clock.now())} days overdue",
        "Phường Duyên Hải, Tỉnh Vĩnh Long",
        "Department of Agriculture and Environment",
        "Tro bụi &lt;b&gt;bay&lt;/b&gt; vào khu dân cư",
        "A report came in",
    ):
        assert words in answer.text, words
    assert '<meta name="description"' in answer.text
    report.due_at = clock.local(clock.now() + timedelta(days=3)).replace(hour=23, minute=59, second=59)
    last_day = f"{report.due_at:%d/%m/%Y}"
    assert last_day in client.get(f"/cases/{public_id}").text  # not the day after it, which midnight belongs to
    assert last_day in client.get(f"/map/cases/{public_id}").text
    # No time of day: it would tell when somebody stood there.
    assert not re.search(r"\b\d{2}:\d{2}\b", answer.text)
    hour = clock.local(report.created_at).strftime("%H:%M")
    assert hour not in answer.text


def test_answers_and_outcomes_appear_when_the_front_lets_them_out(session: Any, client: Any) -> None:
    report = case(status=lifecycle.ANSWERED, unit_code="so-nnmt-86")
    given = Answer(
        report_id=report.id, unit_code="so-nnmt-86", text="Đã phun nước dập bụi", public=False, created_at=clock.now()
    )
    session.add(given)
    outcome = inspections.record(
        report,
        Actor("unit", None, "so-nnmt-86"),
        inspected_on=clock.today(),
        finding="violation",
        measure="fine",
        summary="Bãi xỉ không che phủ",
        fine_vnd=35_000_000,
        decision_number="12/QĐ-XPHC",
    )
    address = f"/cases/{report.public_id}"
    before = client.get(address).text
    assert "Đã phun nước dập bụi" not in before
    assert outcome.public_id not in before
    given.public = True
    inspections.publish(outcome, FRONT)
    after = client.get(address).text
    assert "Đã phun nước dập bụi" in after
    assert f"/outcomes/{outcome.public_id}" in after
    assert "35.000.000 đ" in after


def test_the_case_page_is_not_sent_twice_and_its_scripts_go_on(session: Any, client: Any) -> None:
    report = case()
    address = f"/cases/{report.public_id}"
    first = client.get(address)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    # Its new nonce would lock out the scripts of the page that the browser has kept.
    assert "Content-Security-Policy" not in again.headers
    assert client.get(address, headers={"If-None-Match": tag, "Accept-Language": "km"}).status_code == 200
    report.status = lifecycle.SCREENING
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_case_that_is_none(session: Any, client: Any) -> None:
    for public_id in ("zzzzzzzzzz", "x" * 400, "%00", "1%27--"):
        assert client.get(f"/cases/{public_id}").status_code == 404
        assert client.get(f"/map/cases/{public_id}").status_code == 404


# -- pictures ------------------------------------------------------------------------------------------------------


def test_a_picture_is_served_only_once_it_is_let_out(session: Any, client: Any) -> None:
    report = case()
    picture = photo(report, public=False)
    large, small = f"/photos/{picture.public_id}.webp", f"/photos/{picture.public_id}-s.webp"
    page = f"/cases/{report.public_id}"

    def served() -> bool:
        answers = {client.get(large).status_code, client.get(small).status_code}
        assert answers in ({200}, {404})
        assert (large in client.get(page).text) == (answers == {200})
        return answers == {200}

    assert not served()
    picture.public = True
    assert served()
    answer = client.get(small)
    assert (answer.data, answer.mimetype) == (b"small", "image/webp")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(small, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for state in ("waiting", "refused"):
        picture.state = state
        assert not served()
    picture.state = "clean"
    picture.purpose = "message"
    assert not served()
    picture.purpose = "report"
    report.publish_at = clock.now() + timedelta(minutes=5)
    session.flush()
    assert client.get(large).status_code == client.get(small).status_code == 404


def test_a_picture_of_an_answer_comes_out_with_the_answer(session: Any, client: Any) -> None:
    report = case(status=lifecycle.ANSWERED)
    given = Answer(report_id=report.id, unit_code="so-nnmt-86", text="Xong", public=False, created_at=clock.now())
    session.add(given)
    session.flush()
    picture = photo(report, purpose="answer", answer_id=given.id)
    address = f"/photos/{picture.public_id}.webp"
    assert client.get(address).status_code == 404
    given.public = True
    assert client.get(address).status_code == 200


def test_names_that_are_no_picture(session: Any, client: Any) -> None:
    for name in (
        "x",
        "x.jpg",
        "x.webp",
        ".webp",
        "-s.webp",
        "a" * 25 + ".webp",
        "..%2fkeys.env",
        "a_b.webp",
        "x.webp.webp",
    ):
        assert client.get(f"/photos/{name}").status_code == 404, name


# -- home ----------------------------------------------------------------------------------------------------------


def test_home_says_how_many_and_where(session: Any, client: Any) -> None:
    answer = client.get("/", headers={"Accept-Language": "en"})
    check_page(answer)
    assert "No cases yet" in answer.text
    for status in (lifecycle.CLOSED, lifecycle.VERIFIED, lifecycle.ASSIGNED):
        case(status=status)
    on_the_map()
    answer = client.get("/", headers={"Accept-Language": "en"})
    tree = check_page(answer)
    assert "3 cases are public." in answer.text
    figures = {
        a.get("href"): "".join(a.find("b").itertext()).strip()
        for a in tree.iter("a")
        if "stat" in a.get("class", "").split()
    }
    assert figures["/map?status=done"] == "2"
    assert figures["/map?status=working"] == "1"
    for address in ("/report", "/map", "tel:113", "tel:114"):
        assert f'href="{address}"' in answer.text
    assert 'action="/track"' in answer.text
    assert "Do not come close, do not confront anybody." in answer.text
    assert "tố cáo" in answer.text


def test_a_public_case_is_one_statement(session: Any, client: Any) -> None:
    factories.duyen_hai()
    report = case(status=lifecycle.ANSWERED, unit_code="so-nnmt-86")
    given = Answer(report_id=report.id, unit_code="so-nnmt-86", text="Xong", public=True, created_at=clock.now())
    session.add(given)
    session.commit()
    address = f"/cases/{report.public_id}"
    assert "Xong" in client.get(address).text  # what is remembered between requests is remembered now
    with counted_statements() as statements:
        client.get(address)
    assert len(statements) == 1, statements
