"""Taking documents in, as `intake` does pictures: verified, sealed, stored, then named by a token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from webapp.core.instance import instance
from webapp.media.documents import DocumentInfo, verify
from webapp.media.intake import Upload


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """An original in storage. `token` lets the same sender's form name it again."""

    name: str
    sha256: str
    size: int
    label: str
    token: str


def keep(upload: Upload, owner: str) -> KeptDocument:
    """Verify one file, seal it and store it for `owner`. Raises DocumentError."""
    here = instance()
    limit = here.settings.max_photo_bytes
    data = upload.stream.read(limit + 1)
    info = verify(data, max_bytes=limit)
    here.storage.put(f"documents/{owner}/{info.sha256}", here.evidence.close(data))
    label = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:80]
    return _kept(owner, info, label)


def recall(token: str, owner: str) -> KeptDocument | None:
    """The original that a token names, if the token is ours and belongs to `owner`."""
    try:
        found_owner, sha256, size, label = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return _kept(owner, DocumentInfo(sha256, size), label) if found_owner == owner else None


def _kept(owner: str, info: DocumentInfo, label: str) -> KeptDocument:
    token = _signer().dumps([owner, info.sha256, info.size, label])
    return KeptDocument(f"documents/{owner}/{info.sha256}", info.sha256, info.size, label, str(token))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        instance().settings.secret_key, salt="kept-document", signer_kwargs={"digest_method": hashlib.sha256}
    )
