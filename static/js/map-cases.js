// Cases on the map: fetches the tiles in sight, gives up those that have left it, draws clusters and pins.
/* global L */

const KEPT = 240; // tiles in memory
const FRESH = 30_000; // ms, as the server says in Cache-Control
const NEAR = 16; // from this zoom on nothing is put together but what lies on one spot
const APART = 50; // pixels between two signs

export class Cases {
  constructor(map, config, on) {
    Object.assign(this, { map, config, on, query: "", tiles: new Map(), loading: new Map(), markers: new Map() });
    this.layer = L.layerGroup().addTo(map);
    map.on("moveend", () => this.later());
  }

  // Show what matches a query string (canonical order) from now on.
  ask(query) {
    this.query = query;
    this.later();
  }

  // Whether cases stand on the map as signs; their tiles come, and are counted, either way.
  show(signs) {
    this.hidden = !signs;
    this.draw(this.wanted());
  }

  // Calls back with each drawing; `items` holds what the tiles in sight say. null: no more.
  watch(drawn) {
    this.drawn = drawn;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.update(), 120);
  }

  wanted() {
    if (!this.map._loaded) return [];
    const zoom = Math.max(0, Math.min(18, Math.round(this.map.getZoom())));
    const bounds = this.map.getPixelBounds(this.map.getCenter(), zoom);
    const last = 2 ** zoom - 1;
    const clamp = (n) => Math.max(0, Math.min(last, Math.floor(n / 256)));
    const found = [];
    for (let x = clamp(bounds.min.x); x <= clamp(bounds.max.x); x++)
      for (let y = clamp(bounds.min.y); y <= clamp(bounds.max.y); y++)
        found.push(`/map/tiles/${zoom}/${x}/${y}.json${this.query ? "?" + this.query : ""}`);
    return found;
  }

  async update() {
    if (!this.map._loaded) return;
    const wanted = this.wanted();
    for (const [address, stop] of this.loading) if (!wanted.includes(address)) stop.abort();
    const now = Date.now();
    const missing = wanted.filter((a) => !this.loading.has(a) && !(this.tiles.get(a)?.at > now - FRESH));
    const loads = missing.map((address) => this.load(address)); // before drawing: what is on its way is not counted as none
    this.draw(wanted);
    const results = await Promise.allSettled(loads);
    const failed = results.some((r) => r.status === "rejected" && r.reason?.name !== "AbortError");
    this.on.failed(failed);
  }

  async load(address) {
    const stop = new AbortController();
    this.loading.set(address, stop);
    try {
      const answer = await fetch(address, { signal: stop.signal });
      if (!answer.ok) throw new Error(answer.status);
      const data = await answer.json();
      this.tiles.delete(address);
      this.tiles.set(address, { at: Date.now(), data });
      if (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
    } finally {
      this.loading.delete(address);
    }
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw(this.wanted()));
  }

  draw(wanted) {
    const items = [];
    for (const address of wanted) {
      const tile = this.tiles.get(address)?.data;
      if (!tile) continue;
      for (const c of tile.clusters) items.push({ ...c, by: { ...c.by } }); // merging adds up in them
      for (const r of tile.reports) items.push({ ...r, count: 1, by: { [this.config.statuses[r.status]]: 1 }, overdue: r.overdue ? 1 : 0 });
    }
    this.tally(items, wanted);
    this.items = items.map(({ lat, lon, count }) => ({ lat, lon, count })); // merging changes the others
    this.drawn?.();
    const shown = (this.shown = this.hidden ? [] : this.merged(items));
    const keep = new Set();
    for (const item of shown) {
      const key = item.id ? `r${item.id}${item.status}${item.overdue}` : `c${item.lon},${item.lat},${item.count},${item.overdue},${JSON.stringify(item.by)}`;
      keep.add(key);
      if (!this.markers.has(key)) this.markers.set(key, this.marker(item).addTo(this.layer));
    }
    for (const [key, marker] of this.markers)
      if (!keep.has(key)) {
        marker.remove();
        this.markers.delete(key);
      }
    for (const marker of this.markers.values()) name(marker);
  }

  tally(items, wanted) {
    if (wanted.some((address) => !this.tiles.has(address)) && this.loading.size) return;
    const box = this.map.getBounds();
    const found = { total: 0, overdue: 0 };
    for (const item of items) {
      if (!box.contains([item.lat, item.lon])) continue;
      found.total += item.count;
      found.overdue += item.overdue;
      for (const [group, n] of Object.entries(item.by)) found[group] = (found[group] || 0) + n;
    }
    this.on.tally(found);
  }

  // Put together what would lie over each other, the largest first.
  merged(items) {
    const near = this.map.getZoom() >= NEAR;
    const zoom = this.map.getZoom();
    const kept = [];
    items.sort((a, b) => b.count - a.count);
    for (const item of items) {
      item.point = this.map.project([item.lat, item.lon], zoom);
      item.sight = item.id && !near ? item.point.subtract([0, 18]) : item.point; // a pin stands above its point
      const other = kept.find((k) => {
        return near ? k.point.distanceTo(item.point) < 1 : k.sight.distanceTo(item.sight) < APART + Math.min(16, k.count / 20);
      });
      if (!other) {
        kept.push(item);
        continue;
      }
      const count = other.count + item.count;
      const same = other.point.distanceTo(item.point) < 0.01 && (other.same || other.count === 1) && (item.same || item.count === 1);
      other.lon = (other.lon * other.count + item.lon * item.count) / count;
      other.lat = (other.lat * other.count + item.lat * item.count) / count;
      other.overdue += item.overdue;
      for (const [group, n] of Object.entries(item.by)) other.by[group] = (other.by[group] || 0) + n;
      Object.assign(other, { count, same, id: undefined });
    }
    return kept;
  }

  marker(item) {
    const element = item.id ? this.pin(item) : this.cluster(item);
    const size = item.id ? 48 : sizeOf(item.count);
    const marker = L.marker([item.lat, item.lon], {
      icon: L.divIcon({ html: element, className: "m-sign", iconSize: [size, size], iconAnchor: item.id ? [24, 42] : [size / 2, size / 2] }),
      riseOnHover: true, zIndexOffset: item.overdue ? 200 : 0,
    });
    marker.label = item.id ? this.pinWords(item) : this.clusterWords(item);
    const open = () => {
      if (item.id) this.on.pick(item.id, marker);
      else if (item.same || this.map.getZoom() >= 18) this.on.several(item.lat, item.lon, marker);
      else this.map.setView([item.lat, item.lon], Math.min(18, this.map.getZoom() + 2));
    };
    marker.on("click", open);
    marker.on("keydown", ({ originalEvent }) => {
      if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
      originalEvent.preventDefault();
      open();
    });
    return marker;
  }

  sign(item) {
    return this.config.signs[item.overdue ? "overdue" : this.config.statuses[item.status]] || this.config.signs.ended;
  }

  pin(item) {
    const [tone, shape] = this.sign(item);
    const pin = document.createElement("span");
    pin.className = `m-pin is-${tone}${item.overdue ? " is-overdue" : ""}`;
    pin.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${this.config.sprite}#${shape}"></use></svg>`;
    return pin;
  }

  cluster(item) {
    const parts = this.config.order.filter((g) => item.by[g]);
    let from = 0;
    const arcs = parts.map((group) => {
      const share = (100 * item.by[group]) / item.count;
      const arc = `<circle class="is-${this.config.signs[group][0]}" cx="20" cy="20" r="17" pathLength="100" stroke-dasharray="${share} ${100 - share}" stroke-dashoffset="${-from}"/>`;
      from += share;
      return arc;
    });
    const box = document.createElement("span");
    box.className = `m-cluster ${item.count < 10 ? "m-s" : item.count < 100 ? "m-m" : "m-l"}`;
    box.innerHTML = `<svg class="m-ring" viewBox="0 0 40 40" aria-hidden="true">${arcs.join("")}</svg><b></b>` +
      (item.overdue ? `<svg class="m-late icon" aria-hidden="true"><use href="${this.config.sprite}#st-overdue"></use></svg>` : "");
    box.querySelector("b").textContent = short(item.count);
    return box;
  }

  pinWords(item) {
    const words = this.config.words;
    return `${words.case}: ${this.config.categories[item.category] || ""}, ${words[this.config.statuses[item.status]] || ""}${item.overdue ? ", " + words.overdue : ""}`;
  }

  clusterWords(item) {
    const split = this.config.order.filter((g) => (g === "overdue" ? item.overdue : item.by[g]))
      .map((g) => `${this.config.words[g]} ${g === "overdue" ? item.overdue : item.by[g]}`).join(", ");
    return this.config.words.cluster.replace("{count}", item.count).replace("{split}", split);
  }
}

function name(marker) {
  const element = marker.getElement();
  if (element && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", marker.label);
}

function sizeOf(count) {
  return count < 10 ? 48 : count < 100 ? 56 : 68;
}

function short(count) {
  return count < 10_000 ? count.toLocaleString("vi") : `${Math.floor(count / 1000)}k`;
}
