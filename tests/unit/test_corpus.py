"""`docs/corpus.md` lists every file of the corpus with its outcome. `python -m tests.unit.test_corpus` writes it."""

from __future__ import annotations

from pathlib import Path

from tests.unit import photo_samples, recording_samples

LIST = Path(__file__).resolve().parents[2] / "docs" / "corpus.md"
HEAD = """# The corpus of files

Every file that the tests make and hold against photos, clips and voice notes, with what must become of it:
*shown* (a copy without metadata is made), *evidence only* (sealed, no copy), or the reason of the refusal.
Written by `python -m tests.unit.test_corpus`; a test compares.
"""


def listed() -> str:
    """The whole page."""
    photos = {
        name: s.verify or ("shown" if s.clean is None else f"evidence only ({s.clean})")
        for name, s in photo_samples.SAMPLES.items()
    }
    recordings = {
        name: s.refused or f"{s.kind}, {'evidence only' if s.sealed else 'shown to staff'}"
        for name, s in recording_samples.SAMPLES.items()
    }
    page = HEAD
    for title, files in (("Photos", photos), ("Clips and voice notes", recordings)):
        page += f"\n## {title}: {len(files)} files\n| File | Outcome |\n|---|---|\n"
        page += "".join(f"| {name} | {outcome.replace('_', ' ')} |\n" for name, outcome in files.items())
    return page


def test_the_list_is_that_of_the_files() -> None:
    assert LIST.read_text("utf-8") == listed()


if __name__ == "__main__":
    LIST.write_text(listed(), "utf-8")
