"""docs/permissions.md is what the map of permissions says today."""

from __future__ import annotations

from scripts import permissions_matrix


def test_the_document_is_current() -> None:
    there = permissions_matrix.DOCUMENT.read_text("utf-8")
    assert there == permissions_matrix.document(), "run `python -m scripts.permissions_matrix`"
