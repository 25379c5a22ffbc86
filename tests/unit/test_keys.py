"""The file of an instance's secrets: made once, never made anew, and brought up to web push."""

from __future__ import annotations

from pathlib import Path

from webapp.config import KEY_NAMES, read_keys
from webapp.keys import make_keys


def test_the_first_file_has_every_key_and_is_the_owners(tmp_path: Path) -> None:
    assert make_keys(tmp_path)
    assert set(read_keys(tmp_path / "keys.env")) == set(KEY_NAMES)
    assert (tmp_path / "keys.env").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "keys.env").read_bytes()
    assert not make_keys(tmp_path)
    assert (tmp_path / "keys.env").read_bytes() == before


def test_a_file_of_before_web_push_gets_its_pair_and_keeps_the_rest(tmp_path: Path) -> None:
    make_keys(tmp_path)
    file = tmp_path / "keys.env"
    old = [line for line in file.read_text().splitlines() if not line.startswith("VAPID")]
    file.write_text("# our keys\n" + "\n".join(old))
    assert make_keys(tmp_path)
    assert file.read_text().splitlines()[: len(old) + 1] == ["# our keys", *old]
    assert set(read_keys(file)) == set(KEY_NAMES)


def test_a_private_key_that_was_taken_away_is_not_made_again(tmp_path: Path) -> None:
    make_keys(tmp_path)
    file = tmp_path / "keys.env"
    file.write_text("".join(x for x in file.read_text().splitlines(True) if not x.startswith("IDENTITY_PRIVATE")))
    assert not make_keys(tmp_path)
    assert "IDENTITY_PRIVATE_KEY" not in read_keys(file)
