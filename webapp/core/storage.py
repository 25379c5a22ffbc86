"""Where files lie: a folder (`file:///…`) or an S3-compatible bucket (`s3://…`), chosen by STORAGE_URL."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url


class Storage:
    """Named blobs. Names are paths with forward slashes; a name is written once and never changed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._folder: Path | None = None
        if parts.scheme == "file":
            self._folder = Path(unquote(parts.path))
            self._store: ObjectStore = LocalStore(prefix=self._folder, mkdir=True)
        elif parts.scheme == "memory":
            self._store = MemoryStore()
        else:
            self._store = from_url(url, client_options={"timeout": timedelta(seconds=30)})

    def put(self, name: str, data: bytes) -> None:
        """Write `data` durably under `name`; raises an obstore error if the store refuses."""
        obstore.put(self._store, name, data)
        self._settle(name)

    def _settle(self, name: str) -> None:
        if self._folder is not None:
            # What a report refers to must survive a power cut as surely as its row does.
            for path in (self._folder / name, (self._folder / name).parent):
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)

    def put_stream(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write pieces one after the other under `name`, as durably as `put`, never holding all of them."""
        obstore.put(self._store, name, iter(pieces), chunk_size=5 * 1024 * 1024, max_concurrency=2)
        self._settle(name)

    def size(self, name: str) -> int:
        """How many bytes lie under `name`; raises FileNotFoundError if there are none."""
        return int(obstore.head(self._store, name)["size"])

    def part(self, name: str, start: int, length: int) -> bytes:
        """`length` bytes of `name` from `start` on."""
        return bytes(obstore.get_range(self._store, name, start=start, length=length))

    def get(self, name: str) -> bytes:
        """The bytes under `name`; raises FileNotFoundError if there are none."""
        return bytes(obstore.get(self._store, name).bytes())

    def has(self, name: str) -> bool:
        """Whether there is anything under `name`; its bytes are not read."""
        try:
            obstore.head(self._store, name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Forget `name`; nothing happens if it is not there."""
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return

    def older_than(self, prefix: str, moment: datetime) -> Iterator[str]:
        """Names below `prefix` (which ends with a slash) that were last written before `moment`."""
        for chunk in obstore.list(self._store, prefix=prefix, chunk_size=500):
            yield from (entry["path"] for entry in chunk if entry["last_modified"] < moment)

    def check(self) -> None:
        """Raise if the store cannot be reached."""
        next(iter(obstore.list(self._store, chunk_size=1)), None)
