"""Documents as offices send them, and as nobody should."""

from __future__ import annotations

import zlib
from typing import Any


def plain(words: str = "Bien ban") -> bytes:
    """A PDF of one page, as a program for offices writes it."""
    from fpdf import FPDF

    paper = FPDF()
    paper.add_page()
    paper.set_font("helvetica", size=12)
    paper.cell(text=words)
    return bytes(paper.output())


def written(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, with a table that is right."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return out


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[]/Count 0>>"


def with_action(action: bytes) -> bytes:
    """One that does something when it is opened."""
    return written(b"<</Type/Catalog/Pages 2 0 R/OpenAction " + action + b">>", PAGES)


def packed(inside: bytes, dictionary: bytes = b"/Filter/FlateDecode", pack: Any = zlib.compress) -> bytes:
    """One with objects in a stream."""
    data = pack(inside)
    head = b"<</Type/ObjStm/N 1/First 4%s/Length %d>>\nstream\n" % (dictionary, len(data))
    return written(CATALOG, PAGES, head + data + b"\nendstream")
