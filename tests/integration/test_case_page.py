"""One case page for everything: what is the same, what came back, one report of many things, texts and papers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from tests import factories
from tests.integration.staff import FRONT, SECRET, UNIT, act, case, people, sign_in
from webapp.core import clock, events
from webapp.core.db import db
from webapp.documents.models import Document
from webapp.notifications.models import Notice, Subscription
from webapp.reports import codes, data_requests, feedback, links, service, splits
from webapp.reports import lifecycle as life
from webapp.reports.models import Report
from webapp.reports.replies import ReplyTemplate
from webapp.reports.splits import Part
from webapp.routing import terms

LON, LAT = factories.DUYEN_HAI
METRE = 1 / 111_195
WORDS = "Rác thải đổ đầy bờ kênh gần chợ, hôi thối cả xóm"


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "province", "unit")


def kinds(report: Report) -> list[str]:
    return [e.kind for e in events.history(service.stream(report))]


def at(metres: float) -> dict[str, Any]:
    return {"lat": LAT + metres * METRE, "lon": LON}


def page_of(client: Any, report: Report, base: str = "/desk", query: str = "") -> str:
    response = client.get(f"{base}/cases/{report.public_id}{query}")
    assert response.status_code == 200
    return str(response.text)


def form_of(html: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', html)


# -- likely the same ---------------------------------------------------------------------------------------------


def test_likely_duplicates_are_shown_with_why(client: Any) -> None:
    first = case(description=WORDS, **at(60))
    mine = case(description="rac thai day bo kenh gan cho, hoi thoi")
    far = case(description=WORDS, **at(2500))
    other_kind = case(category_code="noise", description="Loa kẹo kéo suốt đêm", **at(700))
    html = page_of(sign_in(client, "commune"), mine)
    assert first.public_id in html
    assert "60 m" in html
    assert far.public_id not in html
    assert other_kind.public_id not in html


def test_without_a_position_the_commune_and_the_words_decide(client: Any) -> None:
    by_name = {"lat": None, "lon": None, "area_code": "29512", "province_code": "86", "place_source": "area"}
    first = case(description=WORDS, **by_name)
    mine = case(description=WORDS)
    assert first.location is None
    assert first.public_id in page_of(sign_in(client, "commune"), mine)


def test_what_one_may_not_see_is_not_suggested(client: Any) -> None:
    hidden = case(description=WORDS, bypass_commune=True)
    mine = case(description=WORDS)
    assert hidden.public_id not in page_of(sign_in(client, "commune"), mine)
    assert hidden.public_id in page_of(sign_in(client, "province"), mine)


def test_the_page_costs_few_statements(client: Any) -> None:
    first = case(description=WORDS, **at(20))
    mine = case(life.CLOSED, description=WORDS)
    old = case(life.CLOSED, description=WORDS)
    old.created_at -= timedelta(days=90)
    links.link(mine, old, links.RECURRENCE, FRONT)
    assert first.id
    sign_in(client, "commune")
    page_of(client, mine)
    seen: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        page_of(client, mine)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    asked = [s for s in seen if s.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert len(asked) <= 32, "\n\n".join(asked)


# -- merging -----------------------------------------------------------------------------------------------------


def merge(client: Any, report: Report, *others: Report, keep: Report | None = None) -> Any:
    where = f"/desk/cases/{report.public_id}/merge"
    query = "&".join(f"with={o.public_id}" for o in others)
    html = client.get(f"{where}?{query}").text
    chosen = keep or report
    data = {"csrf_token": form_of(html, "csrf_token")[-1], "case": form_of(html, "case"), "keep": chosen.public_id}
    return client.post(where, data=data)


def follow(report: Report, name: str) -> Subscription:
    made = Subscription(
        report_id=report.id,
        target=f"report:{report.id}",
        channel="email",
        sealed=b"x",
        address_key=name,
        token_hash=name,
        lang="vi",
        created_at=clock.now(),
        confirmed_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def test_many_become_one_in_one_step_and_whoever_follows_goes_along(client: Any, session: Any) -> None:
    stays, second, third = case(life.VERIFYING), case(), case()
    for number, report in enumerate((stays, second, second, third)):
        feedback.witness(report.id, report.public_id, f"device-{number}")
    follower = follow(third, "one")
    sign_in(client, "commune")
    preview = client.get(f"/desk/cases/{second.public_id}/merge?with={third.public_id}&with={stays.public_id}").text
    assert re.search(rf'name="keep" value="{stays.public_id}"[^>]*checked', preview), "what a unit has already"
    assert (second.status, third.status) == (life.RECEIVED, life.RECEIVED), "looking changes nothing"
    assert merge(client, second, third, stays, keep=stays).status_code == 303
    session.expire_all()
    assert {second.duplicate_of_id, third.duplicate_of_id} == {stays.id}
    assert stays.status == life.VERIFYING
    assert feedback.witnesses(stays.id) == 4
    assert kinds(stays).count("case:linked") == 2
    service.move(stays, life.IN_PROGRESS, UNIT)
    from webapp.notifications import service as notifications

    notifications.plan_for_report(stays.id, 4711)
    assert session.scalars(select(Notice.subscription_id)).all() == [follower.id]


def test_reopening_a_duplicate_undoes_it_with_what_followed_it(client: Any, session: Any) -> None:
    leaf, middle, root = case(), case(), case()
    service.mark_duplicate(leaf, middle, FRONT)
    service.mark_duplicate(middle, root, FRONT)
    assert (leaf.duplicate_of_id, middle.duplicate_of_id) == (root.id, root.id)
    sign_in(client, "commune")
    assert act(client, middle, "reopen", reopen_reason="Không phải một việc").status_code == 303
    session.expire_all()
    assert (middle.status, middle.duplicate_of_id) == (life.SCREENING, None)
    assert leaf.duplicate_of_id == middle.id, "it had followed, and comes back"
    assert links.of_report(root.id) == []
    assert events.first_broken(events.history(service.stream(leaf))) is None


def test_merging_is_all_or_nothing(client: Any, session: Any) -> None:
    first, second = case(), case()
    at_unit = case(life.ASSIGNED)
    sign_in(client, "commune")
    html = client.get(f"/desk/cases/{first.public_id}/merge?with={second.public_id}&with={at_unit.public_id}").text
    where = f"/desk/cases/{first.public_id}/merge"
    data = {"csrf_token": form_of(html, "csrf_token")[-1], "case": form_of(html, "case")}
    service.touch(second)  # somebody else does something meanwhile
    session.commit()
    assert client.post(where, data=data | {"keep": first.public_id}).status_code == 409
    session.expire_all()
    assert (first.status, second.status) == (life.RECEIVED, life.RECEIVED)
    assert client.post(where, data=data | {"case": "", "keep": first.public_id}).status_code == 422
    assert merge(client, first, second, at_unit, keep=first).status_code == 303
    session.expire_all()
    assert second.status == life.DUPLICATE
    assert at_unit.status == life.ASSIGNED, "what a unit has stays a case, as the preview said"


def test_nobody_merges_what_is_not_theirs(client: Any, session: Any) -> None:
    mine, theirs = case(), case(lon=LON + 0.1)
    assert theirs.area_code == "29413"
    sign_in(client, "commune")
    page = client.get(f"/desk/cases/{mine.public_id}/merge?number={theirs.public_id}")
    assert page.status_code == 422
    assert "error-number" in page.text
    assert merge(client, mine, theirs).status_code in {400, 409, 422}
    session.expire_all()
    assert theirs.status == life.RECEIVED


# -- it comes back -----------------------------------------------------------------------------------------------


def test_after_each_fix_it_comes_back(client: Any, session: Any) -> None:
    cases = []
    for number in range(3):
        one = case(life.CLOSED if number < 2 else life.RECEIVED, category_code="waste_household", description=WORDS)
        one.created_at -= timedelta(days=100 - 30 * number)
        one.publish_at = one.created_at
        cases.append(one)
    session.flush()
    sign_in(client, "commune")
    first, second, third = cases
    assert act(client, first, "link", link_kind="recurrence", link_id=second.public_id).status_code == 303
    answer = act(client, third, "link", link_kind="recurrence", link_to=second.public_id, link_reason="Lại đổ rác")
    assert answer.status_code == 303
    session.expire_all()
    made = {(link.from_id, link.to_id) for link in session.scalars(select(links.CaseLink))}
    assert made == {(second.id, first.id), (third.id, second.id)}, "the later one came back, whoever linked them"
    assert [links.came_back(c.id) for c in cases] == [2, 2, 2]
    for one, seen in ((first, second), (second, third), (third, second)):
        assert seen.public_id in page_of(client, one)
        assert "case:linked" in kinds(one)
    assert "Lại đổ rác" in page_of(client, second)
    public = client.get(f"/cases/{first.public_id}").text
    assert "2 lần" in public or "2 times" in public
    assert second.public_id not in public, "only the number is public"
    second.publish_at = None
    session.flush()
    assert "2 lần" not in client.get(f"/cases/{first.public_id}").text
    assert "2 times" not in client.get(f"/cases/{first.public_id}").text


def test_a_link_can_be_taken_back_and_made_again(client: Any, session: Any) -> None:
    one, other = case(), case()
    sign_in(client, "commune")
    assert act(client, one, "link", link_kind="related", link_id=other.public_id).status_code == 303
    assert act(client, other, "link", link_kind="related", link_id=one.public_id).status_code == 422, "known already"
    made = session.scalars(select(links.CaseLink)).one()
    assert act(client, one, f"links/{made.id}/end").status_code == 303
    assert links.of_report(one.id) == []
    assert kinds(other)[-1] == "case:unlinked"
    assert act(client, one, "link", link_kind="related", link_id=other.public_id).status_code == 303
    assert len(links.of_report(other.id)) == 1


@pytest.mark.parametrize("typed", [{}, {"link_kind": "split", "link_id": "x"}, {"link_kind": "related"}])
def test_a_link_needs_a_kind_and_a_case(client: Any, typed: dict[str, str]) -> None:
    one = case()
    sign_in(client, "commune")
    assert act(client, one, "link", **typed).status_code == 422


def test_what_is_still_open_has_not_come_back(client: Any) -> None:
    earlier, later = case(), case()
    earlier.created_at -= timedelta(days=3)
    sign_in(client, "commune")
    html = act(client, later, "link", link_kind="recurrence", link_id=earlier.public_id)
    assert html.status_code == 422
    assert "error-link_id" in html.text


# -- one report of several things ----------------------------------------------------------------------------------


def split_form(client: Any, report: Report, **fields: str) -> Any:
    where = f"/desk/cases/{report.public_id}/split"
    html = client.get(where).text
    stamps = {name: (form_of(html, name) or [""])[-1] for name in ("csrf_token", "version")}
    return client.post(where, data=stamps | fields)


def test_one_report_of_two_things_becomes_two_cases(client: Any, session: Any, run_jobs: Any) -> None:
    sent = service.submit(
        factories.submission(
            description=SECRET, category_code="waste_household", contact={"contact_phone": "0912345678"}
        )
    )
    run_jobs()
    report = sent.report
    sign_in(client, "commune")
    answer = split_form(
        client,
        report,
        **{"category-1": "noise", "words-1": "Xưởng cưa ồn ban đêm", "commune-2": "29413"},
    )
    assert answer.status_code == 422, "the second part lacks category and words"
    assert "Xưởng cưa ồn ban đêm" in answer.text
    assert links.parts_of(report.id) == []
    assert split_form(client, report, **{"category-1": "noise", "words-1": "Xưởng cưa ồn ban đêm"}).status_code == 303
    run_jobs()
    session.expire_all()
    ((number, part),) = links.parts_of(report.id)
    assert (number, part.status, part.category_code) == (2, life.RECEIVED, "noise")
    assert (part.created_at, part.description) == (report.created_at, "Xưởng cưa ồn ban đêm")
    assert part.area_code == report.area_code
    assert "report:split" in kinds(report)
    assert kinds(part)[0] == "report:submitted"
    # The sender's one code opens both, and is asked and answered on each
    mine = client.get(f"/r/{sent.code}").text
    assert f"/r/{sent.code}.2" in mine
    act(client, part, "ask", ask_reason="Ồn vào giờ nào?")
    page = client.get(f"/r/{sent.code}.2").text
    assert "Ồn vào giờ nào?" in page
    assert SECRET not in page
    token = form_of(page, "csrf_token")[-1]
    told = client.post(f"/r/{sent.code}.2", data={"csrf_token": token, "more": "Sau 22 giờ"})
    assert told.status_code == 303
    assert told.headers["Location"] == f"/r/{sent.code}.2?added=1"
    session.expire_all()
    assert part.status == life.SCREENING
    assert [m.text for m in part.messages] == ["Ồn vào giờ nào?", "Sau 22 giờ"]
    for wrong in (".3", ".99", ".0", ".x", ".2.2"):
        assert client.get(f"/r/{sent.code}{wrong}").status_code == 404
    html = page_of(client, part)
    assert report.public_id in html
    assert "open_contact" not in html


def test_nobody_else_has_a_code_of_a_part(session: Any) -> None:
    report = case()
    (part,) = splits.split(report, [Part("noise", "Ồn")], FRONT)
    assert part.code_hash != report.code_hash
    assert part.client_key != report.client_key


def test_news_of_a_part_reaches_who_follows_the_whole(session: Any) -> None:
    from webapp.notifications import service as notifications

    report = case()
    follower = follow(report, "whole")
    (part,) = splits.split(report, [Part("noise", "Ồn")], FRONT)
    notifications.plan_for_report(part.id, 4712)
    assert session.scalars(select(Notice.subscription_id)).all() == [follower.id]


def test_a_part_takes_its_pictures_along_and_what_was_hidden_in_them(
    client: Any, session: Any, run_jobs: Any, place: Any
) -> None:
    import io

    from webapp.media.intake import keep
    from webapp.reports import pictures
    from webapp.reports.intake import StoredPhoto

    class Upload:
        filename = "a.jpg"
        stream = io.BytesIO(factories.jpeg())

    report = case()
    kept = keep(Upload(), report.client_key)  # type: ignore[arg-type]
    service.add_photos(report, (StoredPhoto(kept.name, kept.sha256, kept.size, kept.mime),), purpose="report")
    run_jobs()
    session.expire_all()
    (photo,) = report.photos
    pictures.set_marks(photo, [(0.1, 0.1, 0.2, 0.2)], FRONT)
    run_jobs()
    (part,) = splits.split(report, [Part("noise", "Ồn", [photo])], FRONT)
    run_jobs()
    session.expire_all()
    (copy,) = part.photos
    assert copy.state == "clean"
    assert copy.public_ready
    assert copy.marks == photo.marks
    assert copy.public_id != photo.public_id
    # The sender's right to deletion reaches what was made of the report
    data_requests.erase(report, FRONT)
    session.expire_all()
    assert (part.description, part.photos) == ("", [])
    assert not data_requests.can_withdraw(report)


def test_only_what_is_being_screened_is_split_and_no_part_again(client: Any) -> None:
    at_unit = case(life.ASSIGNED)
    with pytest.raises(splits.CannotSplit):
        splits.split(at_unit, [Part("noise", "Ồn")], FRONT)
    report = case()
    (part,) = splits.split(report, [Part("noise", "Ồn")], FRONT)
    part.status = life.SCREENING
    with pytest.raises(splits.CannotSplit):
        splits.split(part, [Part("noise", "Ồn")], FRONT)
    assert codes.read_code("1234") is None


# -- reply templates ---------------------------------------------------------------------------------------------


def test_a_template_goes_into_the_field_without_a_script(client: Any, session: Any) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, "ask", insert="1", template="ask-time", ask_reason="Xin chào.")
    assert response.status_code == 200
    html = response.text
    assert "Xin chào.\nCảm ơn anh/chị đã gửi phản ánh ngày" in html
    assert "{{" not in html.split("<main", 1)[1]
    session.expire_all()
    assert report.status == life.RECEIVED, "putting it in sends nothing"
    assert "ask-noise" not in page_of(client, report), "a template of another category is not offered"


def test_a_front_writes_its_own(client: Any, session: Any) -> None:
    sign_in(client, "commune")
    page = client.get("/desk/replies/new?from=ask-time").text
    token = form_of(page, "csrf_token")[-1]
    fields = {"csrf_token": token, "action": "ask", "category": "*", "title": "Hỏi thêm", "text": "Vụ {{so}}, {{ten}}?"}
    wrong = client.post("/desk/replies/new", data=fields)
    assert wrong.status_code == 422
    assert "error-text" in wrong.text
    assert "ten" in wrong.text.split("error-text", 1)[1][:300]
    fields["text"] = "Vụ {{so}} tại {{dia_ban}}: xin cho biết thêm."
    seen = client.post("/desk/replies/new", data=fields | {"preview": "1"})
    assert seen.status_code == 200
    assert "7k2m9x4q1w" in seen.text
    real, foreign = case(), case(lon=106.625)
    seen = client.post("/desk/replies/new", data=fields | {"preview": "1", "case": f" {real.public_id.upper()} "})
    assert f"Vụ {real.public_id} tại Phường Duyên Hải" in seen.text
    assert foreign.area_code != real.area_code
    for number in (foreign.public_id, "khong-co"):
        refused = client.post("/desk/replies/new", data=fields | {"preview": "1", "case": number})
        assert refused.status_code == 422
        assert "error-case" in refused.text
        assert number in refused.text.split("<main", 1)[1]
    assert session.scalars(select(ReplyTemplate).where(ReplyTemplate.unit_code.is_not(None))).all() == []
    assert client.post("/desk/replies/new", data=fields).status_code == 303
    own = session.scalars(select(ReplyTemplate).where(ReplyTemplate.unit_code == "mttq-29512")).one()
    report = case()
    html = page_of(client, report)
    assert f"Vụ {report.public_id} tại Phường Duyên Hải" in html
    where = f"/desk/replies/{own.code}"
    assert client.post(where, data=fields | {"version": "0"}).status_code == 409
    assert client.post(where, data=fields | {"version": "1", "retired": "1"}).status_code == 303
    assert own.code not in page_of(client, report)
    shipped = client.post("/desk/replies/ask-time", data=fields | {"version": "1"})
    assert shipped.status_code == 403
    sign_in(client, "other")
    assert client.get(where).status_code == 404, "another Front's own"


def test_loading_the_data_again_leaves_own_templates(session: Any) -> None:
    from webapp import data_loader
    from webapp.reports import replies

    replies.save(None, FRONT, action="ask", category="*", title="Riêng", text="Xin cho biết", retired=False)
    assert data_loader.load()["reply_templates"].changed == 0
    assert "Riêng" in [t.title for t in replies.all_for("mttq-29512")]


# -- documents ---------------------------------------------------------------------------------------------------


def issue(client: Any, report: Report, kind: str, base: str = "/desk") -> Any:
    where = f"{base}/cases/{report.public_id}/document"
    html = client.get(f"{where}?kind={kind}").text
    data = {"csrf_token": form_of(html, "csrf_token")[-1], "version": str(report.version), "kind": kind}
    return client.post(where, data=data)


def test_a_document_gets_the_next_number_of_its_unit(client: Any, session: Any) -> None:
    report = case(life.ASSIGNED, description=SECRET, contact={"contact_phone": "0912345678"})
    sign_in(client, "commune")
    where = f"/desk/cases/{report.public_id}/document"
    draft = client.get(f"{where}?kind=transfer").text
    assert "Số: …/PC-MTTQ" in draft
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in draft
    assert SECRET not in draft
    assert session.scalars(select(Document)).all() == [], "looking gives no number"
    for _ in range(2):
        assert issue(client, report, "transfer").status_code == 303
        session.expire_all()
    sign_in(client, "province")
    assert issue(client, report, "file").status_code == 303
    session.expire_all()
    found = session.scalars(select(Document).order_by(Document.id)).all()
    assert [(d.unit_code, d.number) for d in found] == [("mttq-29512", 1), ("mttq-29512", 2), ("mttq-86", 1)]
    assert kinds(report).count("document:issued") == 3
    issued = client.get(f"{where}?issued={found[0].id}").text
    assert "Số: 01/PC-MTTQ" in issued
    pdf = client.get(f"{where}.pdf?issued={found[0].id}")
    assert (pdf.mimetype, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.headers["Cache-Control"] == "no-store"
    assert client.get(f"{where}?issued=999").status_code == 404
    assert client.get(f"{where}?kind=unit_file").status_code == 404


def test_a_document_of_a_case_that_has_changed_gets_no_number(client: Any, session: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "commune")
    where = f"/desk/cases/{report.public_id}/document"
    html = client.get(f"{where}?kind=transfer").text
    data = {"csrf_token": form_of(html, "csrf_token")[-1], "version": "0", "kind": "transfer"}
    assert client.post(where, data=data).status_code == 303
    not_late = client.post(where, data=data | {"version": str(report.version), "kind": "urge"})
    assert not_late.status_code == 303
    assert session.scalars(select(Document)).all() == []


def test_the_units_paper_holds_nothing_of_the_sender(client: Any, session: Any) -> None:
    report = case(life.CLOSED, description=SECRET, place_text="Sau nhà chị Ba", contact={"contact_phone": "0912345678"})
    feedback.say(report, feedback.NO, None, "Vẫn còn rác", ())
    sign_in(client, "unit")
    where = f"/unit/cases/{report.public_id}/document"
    html = client.get(where).text
    main = html.split("<article", 1)[1]
    assert "Đã dọn sạch" in main
    for hidden in (SECRET, "Sau nhà chị Ba", "0912345678", "Vẫn còn rác", "người phản ánh"):
        assert hidden not in main, hidden
    assert issue(client, report, "unit_file", "/unit").status_code == 303
    assert session.scalars(select(Document)).one().unit_code == "ubnd-29512"
    assert client.get(f"{where}?kind=transfer").status_code == 404
    assert client.get(f"{where}.pdf").data[:5] == b"%PDF-"
    sign_in(client, "commune")
    assert client.get(f"/unit/cases/{report.public_id}/document").status_code == 403


def test_reminding_is_for_what_is_overdue(client: Any, session: Any) -> None:
    report = case(life.ASSIGNED)
    report.due_at = clock.now() - timedelta(days=4, hours=20)
    sign_in(client, "commune")
    assert issue(client, report, "urge").status_code == 303
    paper = session.scalars(select(Document)).one().paper
    late = terms.days_late(report.due_at, clock.now())  # working days
    assert late > 1
    assert f"quá hạn {late} ngày" in " ".join(paper["body"])
    assert paper["symbol"] == "MTTQ-BTT"


# -- the timeline ------------------------------------------------------------------------------------------------


def test_public_and_internal_entries_are_told_apart(client: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "commune")
    act(client, report, "publish", public_text="Rác ven kênh")
    whole = page_of(client, report)
    public = page_of(client, report, query="?entries=public")
    internal = page_of(client, report, query="?entries=internal")
    entries = [len(re.findall(r'id="entry-\d+"', html)) for html in (whole, public, internal)]
    assert entries[0] == entries[1] + entries[2]
    assert min(entries) > 0
    assert page_of(client, report, query="?entries=%00x").count('id="entry-') == entries[0]
