"""The table of versions. Their files lie in storage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Json, UtcDateTime


class OpenDataVersion(Base):
    """One export of all public cases. It is named after its day and never changes once it is ready."""

    __tablename__ = "open_data_versions"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)  # 2026-11-22, then 2026-11-22.2
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ready: Mapped[bool] = mapped_column(Boolean, default=False)  # all its files are stored
    rows: Mapped[int] = mapped_column(Integer, default=0)
    licence: Mapped[str] = mapped_column(String(200), default="")
    # [{"name", "mimetype", "size", "sha256"}] in the order of the page
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
