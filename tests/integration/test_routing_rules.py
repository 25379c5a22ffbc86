"""Rules in the browser: a draft is edited, tried and published; the simulator; tables in and out; who may."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from tests import factories
from tests.integration.staff import case, field, people, sign_in
from webapp import data_loader
from webapp.core import clock, events
from webapp.reports.models import Report
from webapp.routing import rows, rulesets, trial
from webapp.routing.cli import routing_cli
from webapp.routing.decide import Rule
from webapp.routing.models import RoutingRule
from webapp.routing.router import in_force, router
from webapp.units.models import Unit

DRAFT = "/admin/routing/draft"
NIGHT = {
    "code": "r-waste-night",
    "priority": "20",
    "category_code": "waste_household",
    "area_code": "duyen hai vinh long",
    "time_from": "22:00",
    "time_to": "06:00",
    "target_kind": "police_commune",
    "supervisor_level": "commune",
    "valid_from": "2025-07-01",
    "certainty": "check",
    "source": "Kế hoạch thử (minh họa)",
}
ADMIN = events.Actor("admin", None, None)


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("admin", "commune", "province", "central", "unit")


def post(client: Any, path: str, page: str = DRAFT, **data: Any) -> Any:
    """Post a form with the stamps of the page it stands on."""
    html = client.get(page).get_data(as_text=True)
    stamps = {"csrf_token": field(html, "csrf_token")}
    if 'name="revision"' in html:
        stamps["revision"] = field(html, "revision")
    return client.post(path, data=stamps | data)


def tried(client: Any, run_jobs: Any) -> str:
    """Try the draft and give the page with the result."""
    assert post(client, f"{DRAFT}/try").status_code == 303
    assert "http-equiv" in client.get(DRAFT).get_data(as_text=True), "the page looks again by itself"
    run_jobs()
    return client.get(DRAFT).get_data(as_text=True)


def english(client: Any) -> Any:
    client.set_cookie("lang", "en")
    return client


def test_a_rule_is_drafted_tried_published_and_restored(client: Any, session: Any, run_jobs: Any) -> None:
    by_night = case(category_code="waste_household")
    by_day = case(category_code="waste_household")
    other = case(category_code="noise")
    night = clock.local(clock.now()).replace(hour=23) - timedelta(days=2)
    for report, moment in ((by_night, night), (by_day, night.replace(hour=10)), (other, night)):
        session.execute(update(Report).where(Report.id == report.id).values(created_at=moment))
    english(sign_in(client, "admin"))
    assert post(client, DRAFT, "/admin/routing").status_code == 303
    assert post(client, f"{DRAFT}/rules/new", f"{DRAFT}/rules/new", **NIGHT).status_code == 303
    assert rulesets.number() == 1, "nothing counts yet"
    assert router().rules.ordered[0].code != "r-waste-night"

    refused = post(client, f"{DRAFT}/publish", note="Ban đêm công an trực")
    assert refused.status_code == 422
    assert "Check and try the draft" in refused.text

    html = tried(client, run_jobs)
    assert "police" not in html.lower() or "Công an phường Duyên Hải" in html
    result = rulesets.draft().trial  # type: ignore[union-attr]
    assert (result["total"], result["moved"], result["moved_open"], result["errors"]) == (3, 1, 1, 0)
    assert result["pairs"] == [["ubnd-29512", "ca-29512", 1]]
    assert [(c["case"], c["from_rule"], c["to_rule"]) for c in result["cases"]] == [
        (by_night.public_id, "r-waste-household", "r-waste-night")
    ]
    assert by_night.public_id in html

    no_note = post(client, f"{DRAFT}/publish", note=" ")
    assert no_note.status_code == 422
    done = post(client, f"{DRAFT}/publish", note="Ban đêm công an trực")
    assert done.status_code == 303, done.text[:2000]
    session.expire_all()
    assert rulesets.number() == 2
    assert session.get(Report, by_night.id).unit_code == "ubnd-29512", "what was decided stays decided"
    decision = router().decide(router().facts("waste_household", "29512", "86", night))
    assert (decision.unit_code, decision.rule_code) == ("ca-29512", "r-waste-night")
    page = client.get("/admin/routing/versions/2").get_data(as_text=True)
    assert "r-waste-night" in page
    assert "Ban đêm công an trực" in page
    assert rows.pack(rulesets.rules_of(rulesets.version(1))) != rows.pack(in_force())  # type: ignore[arg-type]

    assert post(client, "/admin/routing/versions/1/restore", "/admin/routing/versions/1").status_code == 303
    tried(client, run_jobs)
    assert post(client, f"{DRAFT}/publish", note="Trở lại").status_code == 303
    session.expire_all()
    assert rulesets.number() == 3
    assert rows.pack(in_force()) == rulesets.version(1).rows  # type: ignore[union-attr]
    kinds = [e.kind for e in events.history("rules")]
    assert kinds.count("rules:published") == 3
    assert {e.user_id is not None for e in events.history("rules") if e.data.get("number") in (2, 3)} == {True}


def test_a_rule_that_makes_no_sense_keeps_what_was_typed(client: Any, session: Any) -> None:
    english(sign_in(client, "admin"))
    post(client, DRAFT, "/admin/routing")
    wrong = NIGHT | {"time_to": "", "target_unit_code": "ubnd-86", "area_code": "nowhere", "priority": "x"}
    response = post(client, f"{DRAFT}/rules/new", f"{DRAFT}/rules/new", **wrong)
    assert response.status_code == 422
    for words in (
        "Give both times",
        "either a kind of unit",
        "No area has this",
        "whole number",
        "Kế hoạch thử",
        "nowhere",
    ):
        assert words in response.text, words
    taken = post(client, f"{DRAFT}/rules/new", f"{DRAFT}/rules/new", **NIGHT | {"code": "r-noise"})
    assert taken.status_code == 422
    assert "Another rule has this code" in taken.text
    assert client.get(f"{DRAFT}/rules/none").status_code == 404
    assert rulesets.draft().changes == [0, 0, 0]  # type: ignore[union-attr]


def test_two_people_on_one_draft(client: Any, session: Any, run_jobs: Any) -> None:
    english(sign_in(client, "admin"))
    post(client, DRAFT, "/admin/routing")
    form = client.get(f"{DRAFT}/rules/r-noise").get_data(as_text=True)
    draft = rulesets.draft()
    assert draft is not None
    rulesets.take_out(draft, "r-odour", ADMIN)
    stale = {"csrf_token": field(form, "csrf_token"), "revision": field(form, "revision"), "code": "r-noise"}
    response = client.post(f"{DRAFT}/rules/r-noise", data=stale)
    assert response.status_code == 409
    assert "Somebody else has changed the draft" in response.text
    session.expire_all()
    assert rulesets.draft().changes == [0, 0, 1]  # type: ignore[union-attr]

    # Meanwhile a whole set is published from a file; the draft's own change is brought onto it.
    changed = [r for r in in_force() if r.code != "r-noise"]
    assert rulesets.store(changed, events.SYSTEM, "tệp", rulesets.FILE) is not None
    tried(client, run_jobs)
    assert post(client, f"{DRAFT}/publish", note="x").status_code == 422
    assert post(client, f"{DRAFT}/rebase").status_code == 303
    session.expire_all()
    codes = {r.code for r in rulesets.rules_of(rulesets.draft())}  # type: ignore[arg-type]
    assert codes == {r.code for r in changed} - {"r-odour"}


def test_errors_forbid_publishing(client: Any, session: Any, run_jobs: Any) -> None:
    english(sign_in(client, "admin"))
    post(client, DRAFT, "/admin/routing")
    post(
        client, f"{DRAFT}/rules/new", f"{DRAFT}/rules/new", **NIGHT | {"target_kind": "", "target_unit_code": "nobody"}
    )
    html = tried(client, run_jobs)
    assert "There is no unit with the code nobody" in html
    assert post(client, f"{DRAFT}/publish", note="x").status_code == 422
    assert post(client, f"{DRAFT}/drop").status_code == 303
    session.expire_all()
    assert rulesets.draft() is None
    assert client.get(DRAFT).status_code == 302


def taken_out(client: Any, form: str) -> bytes:
    """The rules in force as a file."""
    response = post(client, f"/admin/routing/export.{form}", "/admin/routing")
    assert response.status_code == 200
    data: bytes = response.data
    return data


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_goes_out_and_comes_in_again(client: Any, session: Any, form: str) -> None:
    english(sign_in(client, "admin"))
    post(client, DRAFT, "/admin/routing")
    file = taken_out(client, form)
    response = post(client, f"{DRAFT}/import", file=(io.BytesIO(file), f"rules.{form}"))
    assert response.status_code == 303
    session.expire_all()
    draft = rulesets.draft()
    assert draft is not None
    assert draft.changes == [0, 0, 0]
    assert rows.pack(rulesets.rules_of(draft)) == rows.pack(in_force())
    [entry] = events.history("audit")
    assert (entry.kind, entry.data["rows"], entry.data["format"]) == ("rules:exported", len(in_force()), form)


def test_what_is_wrong_in_a_table_is_said_line_by_line(client: Any, session: Any) -> None:
    english(sign_in(client, "admin"))
    post(client, DRAFT, "/admin/routing")
    table = list(csv.reader(io.StringIO(taken_out(client, "csv").decode("utf-8-sig"))))
    table[2][1], table[4][0] = "first", table[3][0]
    out = io.StringIO()
    csv.writer(out).writerows(table)
    response = post(client, f"{DRAFT}/import", file=(io.BytesIO(out.getvalue().encode()), "rules.csv"))
    assert response.status_code == 422
    assert "Line 3. Order: This must be a whole number" in response.text
    assert "Line 5. Code: A row above has the same" in response.text
    for file, words in (
        (b"", "Choose a file"),
        (b"\xff\xfe\x00", "no CSV or XLSX"),
        (b"PK\x03\x04broken", "no CSV or XLSX"),
        (b"a,b\n1,2\n", "names of the columns"),
    ):
        bad = post(client, f"{DRAFT}/import", file=(io.BytesIO(file), "x.csv"))
        assert bad.status_code == 422
        assert words in bad.text
    session.expire_all()
    assert rulesets.draft().changes == [0, 0, 0]  # type: ignore[union-attr]


def test_no_cell_that_leaves_is_a_formula(client: Any, session: Any) -> None:
    rule = Rule(**{**rulesets_row("r-noise"), "note_vi": "=1+1"})
    others = [r for r in in_force() if r.code != "r-noise"]
    rulesets.store([*others, rule], ADMIN, "thử", rulesets.BROWSER)
    sign_in(client, "admin")
    assert b"'=1+1" in taken_out(client, "csv")
    sheet = load_workbook(io.BytesIO(taken_out(client, "xlsx"))).active
    assert [c.data_type for line in sheet.iter_rows() for c in line if c.value == "=1+1"] == ["s"]


def rulesets_row(code: str) -> dict[str, Any]:
    rule = next(r for r in in_force() if r.code == code)
    return {name: getattr(rule, name) for name in rows.COLUMNS}


def test_the_simulator_says_who_and_why(client: Any, session: Any) -> None:
    english(sign_in(client, "province"))
    ask = "/admin/routing/simulate?category=coal_ash&lat=9.585&lon=106.525&day=2026-11-22&time=10:00"
    html = client.get(ask).get_data(as_text=True)
    for words in ("Sở NN&amp;MT tỉnh Vĩnh Long", "r-coal-ash-29512", "decides", "later in order", "day off"):
        assert words in html, words
    by_name = client.get("/admin/routing/simulate?category=noise&commune=duyen+hai&bypass=1&day=1/7/2025&time=10:00")
    assert "None: the Front decides" in by_name.text
    assert "Mặt trận tỉnh Vĩnh Long" in by_name.text
    before = client.get("/admin/routing/simulate?category=noise&commune=29512&day=2025-06-30&time=10:00")
    assert before.status_code == 422, "the commune did not exist"
    for wrong in (
        "category=noise",
        "category=x&commune=29512",
        "category=noise&lat=1&lon=z",
        "category=noise&commune=29512&time=25:99",
        "category=noise&commune=29512&version=99",
    ):
        assert client.get(f"/admin/routing/simulate?{wrong}").status_code == 422, wrong
    assert client.get("/admin/routing/simulate").status_code == 200


def test_gaps_and_shadowed_rules_of_the_rules_in_force_are_listed(client: Any, session: Any) -> None:
    below = Rule(**{**rulesets_row("r-noise"), "code": "r-noise-never", "priority": 900})
    rulesets.store([*in_force(), below], ADMIN, "thử", rulesets.BROWSER)
    factories.square("01", "Thành phố Hà Nội", parent=None, lon=105.8, lat=21.0, half=0.4)
    factories.square("00004", "Phường Ba Đình", parent="01", lon=105.8, lat=21.0)
    html = english(sign_in(client, "central")).get("/admin/routing/checks").get_data(as_text=True)
    assert "r-noise-never" in html
    assert "r-noise come before it and take everything" in html
    assert "Thành phố Hà Nội, 1 commune (Phường Ba Đình)" in html
    session.execute(update(Unit).where(Unit.code == "kcn-75").values(valid_to=date(2026, 1, 1)))
    again = client.get("/admin/routing/checks").get_data(as_text=True)
    assert "The unit kcn-75 does not exist on 02/01/2026" in again, "a change of units is seen at once"


def test_who_may_look_and_who_may_change(client: Any, session: Any) -> None:
    for who, looking, changing in (
        ("commune", 403, 403),
        ("unit", 403, 403),
        ("province", 200, 403),
        ("central", 200, 403),
    ):
        sign_in(client, who)
        assert client.get("/admin/routing").status_code == looking, who
        assert client.get("/admin/tables/days").status_code == looking, who
        assert client.get(f"{DRAFT}").status_code == changing, who
        assert client.get("/admin/tables/days/new").status_code == changing, who
        token = field(client.get("/desk" if who != "unit" else "/unit").get_data(as_text=True), "csrf_token")
        out = client.post("/admin/routing/export.csv", data={"csrf_token": token})
        assert out.status_code == looking, who
        for path in (
            DRAFT,
            f"{DRAFT}/publish",
            f"{DRAFT}/import",
            "/admin/routing/versions/1/restore",
            "/admin/tables/days/new",
            "/admin/tables/deadlines/import",
        ):
            assert client.post(path, data={"csrf_token": token}).status_code == changing, (who, path)
    assert rulesets.draft() is None


def test_the_list_is_filtered_and_paged(client: Any, session: Any) -> None:
    model = rulesets_row("r-noise")
    many = [Rule(**{**model, "code": f"r-more-{n:03}", "priority": 300 + n, "area_code": "29512"}) for n in range(120)]
    rulesets.store([*in_force(), *many], ADMIN, "thử", rulesets.BROWSER)
    english(sign_in(client, "admin"))
    seen: list[str] = []
    path = "/admin/routing?area=duyen+hai+vinh+long&q=r-more"
    while path:
        html = client.get(path).get_data(as_text=True)
        seen += re.findall(r'<span class="mono">(r-more-\d+)</span>', html)
        found = re.search(r'href="(/admin/routing\?[^"]*after=[^"]*)"', html)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"r-more-{n:03}" for n in range(120)]
    assert "No rule fits" in client.get("/admin/routing?q=gibberish").text
    assert "No area has this code" in client.get("/admin/routing?area=99999").text


def test_what_was_published_here_outlives_an_upgrade(session: Any, tmp_path: Any) -> None:
    without = [r for r in in_force() if r.code != "r-noise"]
    rulesets.store(without, ADMIN, "bỏ", rulesets.BROWSER)
    loaded = data_loader.load()
    assert loaded["routing_rules"].added == 0
    assert "r-noise" not in {r.code for r in in_force()}
    for file in filter(Path.is_file, data_loader.DATA.iterdir()):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert data_loader.load(tmp_path)["routing_rules"].added == 1, "the operator's own files do replace it"
    assert rulesets.versions()[0].origin == rulesets.FILE


def test_a_decision_names_its_rule_version_and_way(session: Any) -> None:
    report = case()
    assert report.routing["version"] == 1
    assert [verdict for _code, verdict in report.routing["considered"]] == ["wins"]
    assert ["unit", "commune_committee", "ubnd-29512"] in report.routing["looked"]
    routed = next(e for e in events.history(f"report:{report.id}") if e.kind == "report:routed")
    assert (routed.data["rule"], routed.data["version"]) == ("r-waste-household", 1)


def test_the_router_is_compiled_again_only_after_a_change(session: Any) -> None:
    first = router()
    session.commit()
    assert router() is first
    session.execute(update(RoutingRule).where(RoutingRule.code == "r-noise").values(priority=1))
    second = router()
    assert second is not first
    assert second.rules.ordered[0].code == "r-noise"
    session.rollback()
    assert router().rules.ordered[0].code != "r-noise", "what was taken back is not remembered"
    unit = session.scalars(select(Unit).where(Unit.code == "ubnd-29512")).one()
    unit.valid_to = date(2026, 1, 1)
    session.flush()
    facts = router().facts("waste_household", "29512", "86", clock.now())
    assert router().decide(facts).why == "no_unit"


def test_a_draft_that_begins_later_is_tried_on_that_day(session: Any) -> None:
    case()
    later = clock.today() + timedelta(days=40)
    ending = Rule(**{**rulesets_row("r-waste-household"), "valid_to": later - timedelta(days=1)})
    fresh = Rule(
        **{**rulesets_row("r-waste-household"), "code": "r-next", "valid_from": later, "target_kind": "police_commune"}
    )
    rules = [r for r in in_force() if r.code != ending.code] + [ending, fresh]
    result = trial.of(rules)
    assert (result["day"], result["moved"]) == (later.isoformat(), 1)
    assert trial.of(rules, clock.today())["moved"] == 0


def run(app: Any, session: Any, *args: str) -> Any:
    session.commit()
    return app.test_cli_runner().invoke(routing_cli, args)


def test_commands(app: Any, session: Any, tmp_path: Any) -> None:
    place = ("--lat", "9.585", "--lon", "106.525", "--category", "coal_ash")
    told = run(app, session, "explain", *place, "--at", "2026-11-22T10:00")
    assert told.exit_code == 0, told.output
    for words in ("29512  Phường Duyên Hải", "so-nnmt-86", "rule r-coal-ash-29512", "version 1", "decides"):
        assert words in told.output, words
    assert "quyết định" in run(app, session, "explain", *place, "--lang", "vi").output
    file = tmp_path / "rules.xlsx"
    assert run(app, session, "export", "rules", str(file)).exit_code == 0
    same = run(app, session, "import", "rules", str(file), "--note", "như cũ")
    assert "the same" in same.output, same.output
    table = tmp_path / "rules.csv"
    run(app, session, "export", "rules", str(table))
    table.write_text(table.read_text("utf-8-sig").replace("commune_committee", "police_commune", 1), "utf-8")
    assert "version 2 is in force" in run(app, session, "import", "rules", str(table), "--note", "đổi").output
    table.write_text(table.read_text().replace("police_commune", "nobody", 1), "utf-8")
    refused = run(app, session, "import", "rules", str(table), "--note", "sai")
    assert refused.exit_code == 1
    assert "No unit is of the kind nobody" in refused.output
    assert "version 3" in run(app, session, "restore", "1", "--note", "trở lại").output
    listed = run(app, session, "versions").output
    assert [line.split()[0] for line in listed.splitlines()] == ["3", "2", "1"]
    checked = run(app, session, "check")
    assert "r-waste-industrial-25210: There is no area with the code 25210" in checked.output
    assert checked.exit_code == 1
