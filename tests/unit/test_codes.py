"""Tracking codes."""

from hypothesis import given
from hypothesis import strategies as st

from webapp.reports import codes

KEY = "k" * 40
payloads = st.text("0123456789", min_size=15, max_size=15)


def test_the_same_submission_always_has_the_same_code() -> None:
    client_id = codes.new_client_id()
    assert codes.code_for(client_id, KEY) == codes.code_for(client_id, KEY)
    assert codes.code_for(client_id, KEY) != codes.code_for(codes.new_client_id(), KEY)
    assert codes.code_for(client_id, KEY) != codes.code_for(client_id, "another" * 8)


def test_a_code_is_read_back_as_people_write_it() -> None:
    code = codes.code_for("a" * 22, KEY)
    assert codes.read_code(codes.spaced(code)) == code
    assert codes.read_code(f"  {code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}\n") == code
    khmer = code.translate({ord("0") + n: 0x17E0 + n for n in range(10)})
    assert codes.read_code(khmer) == code


@given(payloads, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(payload: str, position: int, by: int) -> None:
    code = payload + codes.check_digit(payload)
    wrong = code[:position] + str((int(code[position]) + by) % 10) + code[position + 1 :]
    assert codes.read_code(code) == code
    assert codes.read_code(wrong) is None


@given(payloads, st.integers(0, 14))
def test_swapped_neighbours_are_noticed_but_for_0_and_9(payload: str, position: int) -> None:
    code = payload + codes.check_digit(payload)
    a, b = code[position], code[position + 1]
    if a != b and {a, b} != {"0", "9"}:
        assert codes.read_code(code[:position] + b + a + code[position + 2 :]) is None


@given(st.text(max_size=60))
def test_reading_any_text_as_a_code_never_fails(text: str) -> None:
    found = codes.read_code(text)
    assert found is None or (len(found) == 16 and found.isascii())


def test_what_is_stored_tells_neither_code_nor_client_id() -> None:
    client_id = codes.new_client_id()
    code = codes.code_for(client_id, KEY)
    stored = codes.client_key(client_id) + codes.code_hash(code, KEY)
    assert client_id not in stored
    assert code not in stored
    assert codes.code_hash(code, KEY) != codes.code_hash(code, "another" * 8)


def test_client_ids() -> None:
    assert codes.is_client_id(codes.new_client_id())
    assert codes.is_client_id("3fa85f64-5717-4562-b3fc-2c963f66afa6")
    for bad in ("", "short", "a" * 65, "a" * 21, "ký tự lạ" + "a" * 22, "a b" + "c" * 22, "a" * 22 + "\n"):
        assert not codes.is_client_id(bad)
