"""What belongs to a running instance besides the database: settings, storage and the two seals."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from webapp.config import Settings
from webapp.core.sealing import Seal
from webapp.core.storage import Storage


@dataclass(frozen=True, slots=True)
class Instance:
    """`identity` seals contacts, `evidence` seals original files."""

    settings: Settings
    storage: Storage
    identity: Seal
    evidence: Seal


def attach(app: Flask, settings: Settings) -> Instance:
    """Make the instance of `app`."""
    made = Instance(
        settings=settings,
        storage=Storage(settings.storage_url),
        identity=Seal(settings.identity_public_key, settings.identity_private_key),
        evidence=Seal(settings.evidence_public_key, settings.evidence_private_key),
    )
    app.extensions["dgs"] = made
    return made


def instance() -> Instance:
    """The instance of the current app."""
    made: Instance = current_app.extensions["dgs"]
    return made
