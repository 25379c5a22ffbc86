"""The bulk API: public cases page by page, for programs. What it says of itself is `openapi`."""

from __future__ import annotations

from webapp.pages.api.v1 import description, reports
from webapp.pages.api.v1.door import bp

__all__ = ["bp", "description", "reports"]
