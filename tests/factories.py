"""Things tests need: a report as a resident would send it, pictures, staff who sign in."""

from __future__ import annotations

import io
import itertools
from typing import Any

from PIL import Image

from webapp.reports import service
from webapp.reports.codes import new_client_id
from webapp.reports.intake import Submission
from webapp.reports.models import Report

DUYEN_HAI = (106.525, 9.585)  # lon, lat; phường Duyên Hải 29512, Vĩnh Long 86
PASSWORD = "mot-mat-khau-de-thu"
_numbers = itertools.count(1)


def submission(**changes: Any) -> Submission:
    """A report of coal ash at Duyên Hải, with whatever is changed."""
    lon, lat = DUYEN_HAI
    given: dict[str, Any] = {
        "client_id": new_client_id(),
        "category_code": "coal_ash",
        "description": "Tro xỉ bay vào nhà dân mỗi khi có gió chướng",
        "lon": lon,
        "lat": lat,
        "place_source": "device",
    }
    return Submission(**given | changes)


def report(**changes: Any) -> Report:
    """A submitted report; its job waits in the outbox."""
    return service.submit(submission(**changes)).report


def jpeg(seed: int | None = None, size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    """A JPEG picture; another one for each seed."""
    number = next(_numbers) if seed is None else seed
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.putpixel((number % size[0], 0), (number % 256, 7, 7))
    image.paste((number * 37 % 256, number * 91 % 256, number * 53 % 256), (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def user(email: str, role: str, unit_code: str | None) -> Any:
    """A member of staff with PASSWORD."""
    from webapp.accounts.signin import add_user

    return add_user(email=email, password=PASSWORD, name=f"Tài khoản thử {role}", role=role, unit_code=unit_code)


def square(code: str, name: str, *, parent: str | None, lon: float, lat: float, half: float = 0.05) -> Any:
    """A square area around (lon, lat), `half` degrees each way; a province where `parent` is None."""
    from datetime import date

    from shapely.geometry import MultiPolygon, box

    from webapp.areas.models import Area
    from webapp.areas.queries import forget_caches
    from webapp.core import clock
    from webapp.core.db import db
    from webapp.core.text import fold

    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    area = Area(
        code=code,
        level="commune" if parent else "province",
        kind=name.split(maxsplit=1)[0],
        name=name,
        name_en=name,
        folded=fold(name),
        parent_code=parent,
        valid_from=date(2025, 7, 1),
        source="minh họa",
        digest="",
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        point_lon=lon,
        point_lat=lat,
        imported_at=clock.now(),
        boundary=MultiPolygon([box(west, south, east, north)]),
    )
    db.session.add(area)
    db.session.flush()
    forget_caches()
    return area


def duyen_hai() -> None:
    """Vĩnh Long with two communes beside each other, as squares: phường Duyên Hải, xã Long Hòa."""
    lon, lat = DUYEN_HAI
    square("86", "Tỉnh Vĩnh Long", parent=None, lon=lon, lat=lat, half=0.5)
    square("29512", "Phường Duyên Hải", parent="86", lon=lon, lat=lat)
    square("29413", "Xã Long Hòa", parent="86", lon=lon + 0.1, lat=lat)
