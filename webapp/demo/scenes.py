"""What the demo's pictures can show: name -> (skies that suit it, how it is painted)."""

from __future__ import annotations

from collections.abc import Callable

from webapp.demo import scenes_after, scenes_open, scenes_sites
from webapp.demo.canvas import Canvas

DAY = ("noon", "overcast", "dawn")

SCENES: dict[str, tuple[tuple[str, ...], Callable[[Canvas], None]]] = {
    "sand_barge": (("dusk", "dusk", "dawn"), scenes_open.sand_barge),
    "sand_night": (("night",), scenes_open.sand_barge),
    "ash_heap": (("noon", "overcast", "dawn"), scenes_open.ash_heap),
    "chimneys": (("noon", "dusk", "overcast"), scenes_open.chimneys),
    "rubbish_canal": (DAY, scenes_open.rubbish_canal),
    "foam_fish": (("noon", "overcast"), scenes_open.foam_fish),
    "burning_straw": (("dusk", "dawn", "overcast"), scenes_open.burning_straw),
    "cracked_bank": (("noon", "overcast", "dusk"), scenes_open.cracked_bank),
    "drums": (("noon", "overcast"), scenes_sites.drums),
    "dusty_road": (("noon", "dawn"), scenes_sites.dusty_road),
    "stumps": (DAY, scenes_sites.stumps),
    "outlet": (("noon", "overcast"), scenes_sites.outlet),
    "pond": (("noon", "dusk", "overcast"), scenes_sites.pond),
    "market": (DAY, scenes_sites.market),
    "shipyard": (("noon", "overcast"), scenes_sites.shipyard),
    "burst_tank": (("overcast", "noon"), scenes_sites.burst_tank),
    "oil_sea": (("dawn", "noon"), scenes_sites.oil_sea),
    "clean_canal": (("noon", "dawn"), scenes_after.clean_canal),
    "washed_road": (("noon", "dawn"), scenes_after.washed_road),
    "covered_ash": (("noon", "overcast"), scenes_after.covered_ash),
    "samples": (("noon", "overcast"), scenes_after.samples),
    "planted_bank": (("noon", "dawn"), scenes_after.planted_bank),
    "minutes": (("noon",), scenes_after.minutes),
    "seedlings": (("noon", "dawn"), scenes_after.seedlings),
}
