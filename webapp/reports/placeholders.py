"""Places in a text that are filled from a case: {{so}} becomes its number. Pure; names are Vietnamese, for officers."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What may stand between the braces. What each means is said on the page (pages/desk/replies.py).
NAMES = ("so", "ngay", "loai", "dia_ban", "don_vi", "mat_tran", "han", "hom_nay", "dong_chinh")
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_BRACE = re.compile(r"\{\{|\}\}")


def unknown(text: str, names: tuple[str, ...] = NAMES) -> list[str]:
    """What stands in braces in `text` and is no name, in order, each once; a brace that is never closed as itself."""
    found = [name for name in _PLACE.findall(text) if name not in names]
    found += _BRACE.findall(_PLACE.sub("", text))
    return list(dict.fromkeys(found))


def fill(text: str, values: Mapping[str, str], names: tuple[str, ...] = NAMES) -> str:
    """`text` with its places filled; a value that the case does not have (yet) becomes dots to be written over."""
    return _PLACE.sub(lambda m: (values.get(m[1]) or "…") if m[1] in names else m[0], text)
