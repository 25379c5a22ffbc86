"""Gather the messages of code and templates, and bring the catalogue of each language up to date.

A message whose English changed comes back untranslated rather than guessed at, and one that is gone is dropped.
Catalogues carry no dates and no line numbers, so that a change of them is a change of words. Needs Babel.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from scripts import prepare

ROOT = prepare.ROOT
CATALOGUES = ROOT / "webapp" / "translations"
LANGUAGES = ("vi", "en", "km")
SOURCES = ("webapp", "workers", "templates")
KEYWORDS = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def gather() -> Catalog:
    """All messages of the sources, each once."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    messages = Catalog(charset="utf-8")
    for source in SOURCES:
        found = extract_from_dir(ROOT / source, methods, options, keywords=KEYWORDS, comment_tags=("translators:",))
        for _, _, message, comments, context in found:
            messages.add(message, auto_comments=comments, context=context)
    return messages


def update(language: str, messages: Catalog) -> tuple[int, int]:
    """Bring one catalogue up to date. Returns (translated, all)."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as old:
            catalogue = read_po(old, locale=language)
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    name = Locale.parse(language).english_name
    catalogue.header_comment = f"# {name} words of Dân Giám Sát. Licence: that of the project."
    catalogue.project, catalogue.version = "Dân Giám Sát", "1"
    catalogue.last_translator = catalogue.language_team = "Dân Giám Sát"
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    fresh = path.with_suffix(".po.new")
    with fresh.open("wb") as new:
        write_po(new, catalogue, width=110, no_location=True, sort_output=True, ignore_obsolete=True)
    fresh.replace(path)
    entries = [message for message in catalogue if message.id]
    return sum(map(_is_translated, entries)), len(entries)


def _is_translated(message: Message) -> bool:
    forms = [message.string] if isinstance(message.string, str) else message.string
    return bool(forms) and all(forms or ())


def compile_all() -> None:
    """Compile every catalogue whose source is newer. Messages marked as fuzzy are left out."""
    for source in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        if prepare.is_compiled(source):
            continue
        with source.open("rb") as words:
            catalogue = read_po(words, locale=source.parent.parent.name, abort_invalid=True)
        if source.parent.parent.name == "km":
            _fill(catalogue, CATALOGUES / "vi" / "LC_MESSAGES" / source.name)
        fresh = source.with_suffix(".mo.new")
        with fresh.open("wb") as built:
            write_mo(built, catalogue)
        fresh.replace(source.with_suffix(".mo"))


def _fill(catalogue: Catalog, other: Path) -> None:
    """Who reads Khmer in Vietnam reads Vietnamese sooner than English: what is not translated yet is shown so."""
    with other.open("rb") as words:
        for message in read_po(words):
            own = catalogue.get(message.id, message.context) if message.id else None
            if own is not None and not own.string:
                own.string = message.string


def main(arguments: list[str]) -> int:
    """`compile` compiles; without arguments messages are gathered and catalogues updated first."""
    if arguments != ["compile"]:
        messages = gather()
        for language in LANGUAGES:
            done, total = update(language, messages)
            print(f"{language}: {done} of {total} messages translated")
    compile_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
