"""Making versions and finding them. A version is ready when all its files are stored; then it never changes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from webapp.core import clock
from webapp.core.db import committing, db, reading
from webapp.core.instance import instance
from webapp.core.storage import Storage
from webapp.opendata import descriptor
from webapp.opendata.models import OpenDataVersion
from webapp.opendata.records import Names, records
from webapp.opendata.writers import FORMATS
from webapp.reports import open_rows

PIECE = 1 << 20
NIGHT = 1  # the hour of Vietnam from which on the day's version is made
GIVEN_UP = timedelta(hours=6)  # a version that is not ready by then was left by a process that died
SUMS = "SHA256SUMS"
OF_A_VERSION = (*FORMATS, descriptor.NAME, SUMS)


def build() -> str:
    """Export all public cases as a new version; returns its name. Commits by itself, for it takes minutes at a
    million cases and holds no lock meanwhile. Old versions beyond the number to keep go."""
    name = _claim()
    try:
        _export(name, clock.now())
    except BaseException:
        _delete([name])
        raise
    prune(instance().settings.open_data_keep)
    return name


def _export(name: str, now: datetime) -> None:
    storage, settings = instance().storage, instance().settings
    with tempfile.TemporaryDirectory(prefix="open-data-") as folder:
        rows = write(Path(folder), now)
        files = [_store(storage, name, file, Path(folder) / file, mimetype) for file, (_, mimetype) in FORMATS.items()]
    package = descriptor.package(name, now, rows, files, settings)
    files.append(_store_bytes(storage, name, descriptor.NAME, package, "application/json"))
    sums = "".join(f"{file['sha256']}  {file['name']}\n" for file in files).encode()
    files.append(_store_bytes(storage, name, SUMS, sums, "text/plain"))
    with committing():
        version = db.session.get_one(OpenDataVersion, name)
        version.rows, version.files, version.licence = rows, files, settings.open_data_licence
        version.ready = True


def nightly() -> str | None:
    """The day's version, if the night has come and nobody made or makes it yet; may be asked at any time."""
    now = clock.now()
    if clock.local(now).hour < NIGHT:
        return None
    alive = or_(OpenDataVersion.ready.is_(True), OpenDataVersion.started_at > now - GIVEN_UP)
    with reading():
        of_today = OpenDataVersion.name.startswith(clock.today().isoformat())
        done = db.session.scalar(select(OpenDataVersion.name).where(of_today, alive).limit(1))
        db.session.rollback()
    return None if done else build()


def write(folder: Path, now: datetime) -> int:
    """Write all formats into a folder in one pass; returns how many cases."""
    writers = [make(folder / file) for file, (make, _mimetype) in FORMATS.items()]
    count = 0
    with reading():
        try:
            names = Names()
            for rows in open_rows.everything(now):
                batch = records(rows, names)
                for writer in writers:
                    writer.add(batch)
                count += len(batch)
        finally:
            db.session.rollback()
    for writer in writers:
        writer.close()
    return count


def versions() -> list[OpenDataVersion]:
    """What can be fetched, newest first; no more than are kept."""
    query = select(OpenDataVersion).where(OpenDataVersion.ready.is_(True))
    return list(db.session.scalars(query.order_by(OpenDataVersion.started_at.desc()).limit(100)))


def version(name: str) -> OpenDataVersion | None:
    """A version that can be fetched; `latest` is the newest."""
    if name == "latest":
        return next(iter(versions()), None)
    found = db.session.get(OpenDataVersion, name[:16])
    return found if found is not None and found.ready and found.name == name else None


def stored_as(name: str, file: str) -> str:
    """Name in storage of a file of a version."""
    return f"open-data/{name}/{file}"


def prune(keep: int) -> int:
    """Delete all but the newest `keep` versions, and what was never finished; returns how many."""
    lost = select(OpenDataVersion).where(
        OpenDataVersion.ready.is_(False), OpenDataVersion.started_at < clock.now() - GIVEN_UP
    )
    with reading():
        gone = [one.name for one in (*versions()[max(1, keep) :], *db.session.scalars(lost))]
        db.session.rollback()
    _delete(gone)
    return len(gone)


def _delete(names: list[str]) -> None:
    """First nobody is led there any more, then the files go."""
    with committing():
        db.session.execute(delete(OpenDataVersion).where(OpenDataVersion.name.in_(names)))
    for name in names:
        for file in OF_A_VERSION:
            instance().storage.delete(stored_as(name, file))


def _claim() -> str:
    """A name of today that no other build has."""
    today, number = clock.today().isoformat(), 1
    while True:
        name = today if number == 1 else f"{today}.{number}"
        try:
            with committing():
                if db.session.get(OpenDataVersion, name) is None:
                    db.session.add(OpenDataVersion(name=name, started_at=clock.now(), files=[]))
                    return name
        except IntegrityError:  # another build was quicker
            pass
        number += 1


def _store(storage: Storage, version_name: str, name: str, path: Path, mimetype: str) -> dict[str, Any]:
    digest = hashlib.sha256()

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                yield piece

    storage.put_stream(stored_as(version_name, name), pieces())
    return {"name": name, "mimetype": mimetype, "size": path.stat().st_size, "sha256": digest.hexdigest()}


def _store_bytes(storage: Storage, version_name: str, name: str, data: bytes, mimetype: str) -> dict[str, Any]:
    storage.put(stored_as(version_name, name), data)
    return {"name": name, "mimetype": mimetype, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
