// The map's own ground: outlines of provinces, communes where they are near, names, and the two archipelagos.
/* global L */

const COMMUNES_FROM = 9; // zoom from which communes are drawn
const NAMES_FROM = 11; // and named
const NAMES_OF_SEAS_AMONG = 8; // zoom from which an archipelago has room for its name among its islands

export class Base {
  constructor(map, config) {
    Object.assign(this, { map, config, near: new Map(), names: L.layerGroup().addTo(map), islands: [], seas: [] });
    this.country();
    this.archipelagos();
    map.on("moveend", () => this.update());
  }

  async country() {
    const found = await this.fetch(`level=province&v=${this.config.areas}`);
    if (!found) return;
    this.provinces = found;
    this.mark(found);
    this.far = L.polygon(found.flatMap((area) => area.rings), { className: "m-land", interactive: false, smoothFactor: 1.2 });
    this.update();
  }

  async fetch(query) {
    try {
      const answer = await fetch(`/map/areas.json?${query}`);
      const { scale, areas } = await answer.json();
      for (const area of areas) area.rings = area.rings.map((ring) => unpack(ring, scale));
      return areas;
    } catch {
      return null; // the cases are there without the ground, too
    }
  }

  update() {
    if (!this.map._loaded) return;
    const zoom = this.map.getZoom();
    const inSight = zoom >= COMMUNES_FROM ? this.provincesInSight() : [];
    for (const code of inSight) if (!this.near.has(code)) this.province(code);
    let complete = inSight.length > 0;
    for (const [code, drawn] of this.near) {
      const show = inSight.includes(code) && drawn;
      if (inSight.includes(code) && !drawn) complete = false;
      if (drawn) toggle(this.map, drawn.layer, show);
    }
    if (this.far) {
      toggle(this.map, this.far, !complete);
      if (!complete) this.far.bringToBack();
    }
    this.complete = complete;
    this.inSight = inSight;
    this.label(zoom, inSight);
    this.front();
    this.changed?.();
  }

  // Calls back whenever other areas are drawn. null: no more.
  watch(changed) {
    this.changed = changed;
  }

  // What is drawn: all provinces, or the communes of those in sight.
  parts() {
    if (this.complete) return this.inSight.map((code) => ({ level: "commune", province: code, areas: this.near.get(code).communes }));
    return this.provinces ? [{ level: "province", province: "", areas: this.provinces }] : [];
  }

  // Borders of provinces, and of the place that was asked for, above whatever was drawn since.
  front() {
    for (const { border, layer } of [...this.near.values()].filter(Boolean)) if (this.map.hasLayer(layer)) border.bringToFront();
    this.marked?.bringToFront();
  }

  // The outline of the place that was asked for.
  mark(areas) {
    const asked = areas.find((area) => area.code === this.config.area);
    if (!asked || this.marked) return;
    this.marked = L.polygon(asked.rings, { className: "m-asked", interactive: false }).addTo(this.map);
  }

  provincesInSight() {
    const view = this.map.getBounds();
    return this.config.provinces
      .filter(([, w, s, e, n]) => view.intersects([[s, w], [n, e]]))
      .map(([code]) => code)
      .slice(0, 8);
  }

  async province(code) {
    this.near.set(code, null);
    const areas = await this.fetch(`level=commune&province=${code}&v=${this.config.areas}`);
    if (!areas) {
      this.near.delete(code);
      return;
    }
    const [whole, communes] = [areas.filter((a) => a.level === "province"), areas.filter((a) => a.level === "commune")];
    const border = L.polygon(whole.flatMap((a) => a.rings), { className: "m-province", interactive: false });
    const layer = L.layerGroup([
      L.polygon(whole.flatMap((a) => a.rings), { className: "m-land is-near", interactive: false }),
      L.polygon(communes.flatMap((a) => a.rings), { className: "m-commune", interactive: false }),
      border,
    ]);
    this.near.set(code, { layer, border, communes });
    this.mark(areas);
    this.update();
  }

  // Names where they do not run into each other; the largest areas first.
  label(zoom, inSight) {
    this.names.clearLayers();
    // Far away the name of an archipelago stands above its islands rather than on them.
    for (const { place, sign, north } of this.seas) {
      const above = zoom < NAMES_OF_SEAS_AMONG;
      sign.setLatLng([above ? north : place.lat, place.lon]);
      sign.getElement()?.classList.toggle("is-above", above);
    }
    const view = this.map.getBounds();
    const areas = zoom >= NAMES_FROM
      ? inSight.flatMap((code) => this.near.get(code)?.communes || [])
      : zoom >= 6 ? this.provinces || [] : [];
    const taken = [];
    for (const area of areas) {
      const [lon, lat] = area.label;
      if (!view.contains([lat, lon])) continue;
      const words = area.name.replace(/^(Tỉnh|Thành phố|Phường|Xã|Đặc khu) /, "");
      const at = this.map.latLngToContainerPoint([lat, lon]);
      const half = words.length * 4 + 6;
      if (taken.some((t) => Math.abs(t.x - at.x) < half + t.half && Math.abs(t.y - at.y) < 22)) continue;
      taken.push({ x: at.x, y: at.y, half });
      this.names.addLayer(text(lat, lon, words, `m-name is-${area.level}`));
    }
  }

  archipelagos() {
    for (const place of this.config.archipelagos) {
      for (const [lon, lat] of place.islands)
        this.islands.push({
          province: place.province,
          marker: L.circleMarker([lat, lon], { radius: 2, className: "m-island", interactive: false }).addTo(this.map),
        });
      const sign = text(place.lat, place.lon, place.name, "m-name is-sea");
      const note = document.createElement("small");
      note.textContent = place.note;
      sign.options.icon.options.html.append(note);
      sign.setZIndexOffset(2000).addTo(this.map); // never under a heap of cases
      this.seas.push({ place, sign, north: Math.max(...place.islands.map(([, lat]) => lat)) });
    }
    text(14.2, 112.3, this.config.words.sea, "m-name is-water").addTo(this.map);
  }
}

function text(lat, lon, words, className) {
  const element = document.createElement("span");
  element.lang = "vi";
  element.textContent = words;
  return L.marker([lat, lon], {
    icon: L.divIcon({ html: element, className, iconSize: [0, 0] }), interactive: false, keyboard: false, zIndexOffset: -1000,
  });
}

function toggle(map, layer, on) {
  if (on) map.hasLayer(layer) || layer.addTo(map);
  else layer.remove();
}

// The first corner as it is, the others as steps; lon before lat.
function unpack(numbers, scale) {
  const ring = [];
  let x = 0, y = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    x += numbers[i];
    y += numbers[i + 1];
    ring.push([y / scale, x / scale]);
  }
  return ring;
}
