"""Open311 GeoReport v2 (http://wiki.open311.org/GeoReport_v2): the door for other people's programs.

Read `door` for how a request comes in, then one module per resource. Where we go further than the
specification: `page` and `per_page` with Link headers, pictures sent as `media`, a `client_id` that makes
sending twice harmless, `locale`, and `servicerequestupdates` as FixMyStreet's programs ask for it.
"""

from __future__ import annotations

from webapp.pages.api.open311 import posting, requests, services, updates
from webapp.pages.api.open311.door import bp

__all__ = ["bp", "posting", "requests", "services", "updates"]
