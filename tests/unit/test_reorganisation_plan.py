"""What a plan means for codes, what is wrong with one in itself, and how it is read from a table."""

from __future__ import annotations

import io
import random
from datetime import date

import pytest
from openpyxl import Workbook

from webapp.areas import lineage
from webapp.areas.lineage import Step as Passed
from webapp.reorganisations import tables
from webapp.reorganisations.plan import Plan, Problem, Step, faults

D = date(2027, 1, 1)


def plan(*steps: Step) -> Plan:
    return Plan("thu", "Thử", D, steps=steps)


def codes(*steps: Step) -> set[str]:
    return {problem.code for problem in faults(plan(*steps))}


def test_a_merger_ends_all_but_the_one_that_goes_on() -> None:
    merged = plan(Step("merge", "unit", "a", "c"), Step("merge", "unit", "b", "c"))
    assert merged.ending("unit") == {"a", "b"}
    assert merged.successor("unit", "a") == "c"
    assert merged.successor("unit", "elsewhere") == "elsewhere"
    assert faults(merged) == []


def test_of_a_split_the_largest_share_is_the_main_one() -> None:
    split = plan(Step("split", "unit", "a", "b", share=0.3), Step("split", "unit", "a", "a", share=0.7))
    assert split.ending("unit") == set()
    assert split.successor("unit", "a") == "a"
    split = plan(Step("split", "unit", "a", "b"), Step("split", "unit", "a", "c"))
    assert split.successor("unit", "a") == "b"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ((), "no_steps"),
        ((Step("melt", "unit", "a", "b"),), "action_unknown"),
        ((Step("merge", "road", "a", "b"),), "what_unknown"),  # type: ignore[arg-type]
        ((Step("merge", "unit", "", "b"),), "from_missing"),
        ((Step("merge", "unit", "a"),), "to_missing"),
        ((Step("rename", "unit", "a", "b", name_vi="B"),), "rename_keeps_code"),
        ((Step("rename", "unit", "a"),), "name_missing"),
        ((Step("abolish", "unit", "a", "a"),), "to_itself"),
        ((Step("split", "unit", "a", "b", share=1.2),), "share_bad"),
        ((Step("merge", "unit", "a", "b", cases=("29512",)),), "cases_only_for_split"),
        ((Step("merge", "unit", "a", "b"), Step("merge", "unit", "a", "b")), "twice"),
        ((Step("merge", "unit", "a", "b"), Step("abolish", "unit", "a")), "two_fates"),
        ((Step("merge", "unit", "a", "b"), Step("rename", "unit", "a", name_vi="A")), "two_fates"),
        ((Step("merge", "unit", "a", "b"), Step("merge", "unit", "a", "c")), "several_targets"),
        (
            (Step("split", "unit", "a", "b", share=0.8), Step("split", "unit", "a", "c", share=0.8)),
            "shares_too_large",
        ),
        ((Step("merge", "unit", "a", "b"), Step("merge", "unit", "b", "a")), "target_ends"),
        (
            (Step("merge", "unit", "a", "b"), Step("merge", "unit", "b", "c"), Step("merge", "unit", "c", "a")),
            "target_ends",
        ),
    ],
)
def test_what_is_wrong_is_named(steps: tuple[Step, ...], code: str) -> None:
    assert code in codes(*steps)


# -- following ------------------------------------------------------------------------------------------------


def ends(passed: list[Passed], code: str, on: date = date(2030, 1, 1)) -> tuple[str, ...]:
    def leaving(some: object) -> list[Passed]:
        return [p for p in passed if p.from_code in some]  # type: ignore[operator]

    return lineage.ends_of({code}, leaving, on)[code]


def test_a_code_is_followed_through_several_changes_up_to_the_day() -> None:
    chain = [Passed("a", "b", date(2025, 7, 1)), Passed("b", "c", date(2027, 1, 1))]
    assert ends(chain, "a") == ("c",)
    assert ends(chain, "a", date(2026, 12, 31)) == ("b",)
    assert ends(chain, "a", date(2025, 6, 30)) == ("a",)
    assert ends(chain, "c") == ("c",)


def test_what_ended_without_a_successor_leads_nowhere() -> None:
    assert ends([Passed("a", None, date(2027, 1, 1))], "a") == ()


def test_a_split_leads_to_all_the_main_one_first() -> None:
    split = [Passed("a", "b", D, main=False), Passed("a", "c", D, main=True)]
    assert ends(split, "a") == ("c", "b")


def test_a_merger_that_is_undone_does_not_go_round() -> None:
    back = [Passed("a", "b", date(2025, 7, 1)), Passed("b", "a", date(2027, 1, 1))]
    assert ends(back, "a") == ("a",)
    assert ends(back, "b") == ("a",)


def test_no_history_however_wild_is_walked_for_ever() -> None:
    dice = random.Random(7)
    for _ in range(200):
        wild = [
            Passed(
                dice.choice("abcdef"), dice.choice("abcdef"), date(2025, dice.randint(1, 12), 1), dice.random() < 0.5
            )
            for _ in range(12)
        ]
        for code in "abcdef":
            assert set(ends(wild, code)) <= set("abcdef")


# -- tables ---------------------------------------------------------------------------------------------------

WHOLE = Plan(
    "thu-nghiem",
    "Sắp xếp thử",
    D,
    "Nghị quyết minh họa",
    "Ghi chú",
    (
        Step("merge", "area", "29413", "29512", note="nhập vào"),
        Step("split", "unit", "a", "b", "Đội B", "Team B", "B", "p", "29512", share=0.4, cases=("29512", "29413")),
        Step("rename", "area", "86", name_vi="=1+1", name_before="Tỉnh Vĩnh Long"),
    ),
)


def test_a_plan_comes_back_from_its_own_tables() -> None:
    assert tables.read(tables.as_csv(WHOLE), "ke-hoach.csv") == WHOLE
    assert tables.read(tables.as_xlsx(WHOLE), "ke-hoach.XLSX") == WHOLE


def test_a_workbook_that_a_person_made_is_read_with_its_numbers_and_days() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["code", "tay"],
        ["title", "Làm bằng tay"],
        ["effective_on", D],
        [],
        ["Action", "What", "From_code", "To_code", "Share"],
        ["MERGE", "Area", 29413, 29512.0, 0.5],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    assert tables.read(out.getvalue(), "x.xlsx") == Plan(
        "tay", "Làm bằng tay", D, steps=(Step("merge", "area", "29413", "29512", share=0.5),)
    )


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"\xff\xfe\x00", "x.csv", "not_a_table"),
        (b"PK\x03\x04 no workbook", "x.xlsx", "not_a_table"),
        (b"code,x\ntitle,y\n", "x.csv", "day_bad"),
        (b"effective_on,2026-02-30\n", "x.csv", "day_bad"),
        (b"effective_on,1066-10-14\n", "x.csv", "day_bad"),
        (b"colour,red\n", "x.csv", "line_unknown"),
        (b"effective_on,2027-01-01\naction,what\n", "x.csv", "column_missing"),
        (b"effective_on,2027-01-01\naction,what,from_code,share\nmerge,unit,a,half\n", "x.csv", "share_bad"),
        (b"effective_on,2027-01-01\naction,what,from_code\nmerge,unit," + b"a" * 41, "x.csv", "too_long"),
        (b"x" * (tables.MAX_BYTES + 1), "x.csv", "too_large"),
        (b"\n" * (tables.MAX_ROWS + 1), "x.csv", "too_large"),
    ],
)
def test_a_bad_table_is_refused_with_the_reason(data: bytes, name: str, code: str) -> None:
    with pytest.raises(tables.TableError) as error:
        tables.read(data, name)
    assert error.value.code == code


def test_problems_say_which_step() -> None:
    wrong = plan(Step("merge", "unit", "a", "b"), Step("rename", "unit", "c"))
    assert faults(wrong) == [Problem("name_missing", 2, "c")]
