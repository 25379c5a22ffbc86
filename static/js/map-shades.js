// Provinces, or near by communes, shaded by how many cases they have or by the share in time; the same as a table.
// Of few cases no share is told: such areas are hatched, those without any are left white.
/* global L */

const SHARES = [50, 70, 85, 95]; // percent, where the next shade begins
const STEPS = 5;

export default class Shades {
  constructor({ map, base, config }, figures, openArea) {
    Object.assign(this, { map, base, config, figures, openArea, layer: L.layerGroup(), sums: new Map() });
    this.update = this.update.bind(this);
  }

  show(kind, query) {
    if (query !== this.query) this.sums.clear();
    Object.assign(this, { kind, query });
    this.layer.addTo(this.map);
    this.base.watch(this.update);
    this.update();
  }

  hide() {
    this.layer.remove();
    this.base.watch(null);
    this.base.islands.forEach(({ marker }) => paint(marker, null));
    this.figures.replaceChildren();
  }

  async update() {
    const parts = this.base.parts(); // [{level, province, areas}]
    const turn = (this.turn = (this.turn || 0) + 1);
    const found = await Promise.all(parts.map((part) => this.sumsOf(part)));
    if (turn !== this.turn || !this.map.hasLayer(this.layer)) return;
    const areas = parts.flatMap((part, i) => part.areas.map((area) => ({ area, sum: found[i]?.get(area.code) })));
    const scale = this.kind === "ontime" ? SHARES : breaks(areas.map(({ sum }) => sum?.total || 0));
    this.layer.clearLayers();
    const shadeOf = new Map();
    for (const { area, sum } of areas) {
      const shade = this.shade(sum, scale);
      shadeOf.set(area.level === "province" ? area.code : area.parent, shade);
      const shape = L.polygon(area.rings, { className: `m-shade ${shade ?? "is-none"}`, ...(shade === "is-few" ? { fillColor: "url(#m-few)" } : {}) });
      shape.bindPopup(() => this.card(area, sum)).addTo(this.layer);
    }
    for (const { province, marker } of this.base.islands) paint(marker, shadeOf.get(province) ?? "is-none");
    this.base.front();
    this.table(areas, scale);
  }

  // Figures of the areas of one province, or of all provinces; asked for once for each question.
  async sumsOf({ level, province }) {
    const key = province || level;
    if (!this.sums.has(key)) {
      const asked = [this.query, province && `province=${province}`, `level=${level}`].filter(Boolean).join("&");
      this.sums.set(key, fetch(`/map/shades.json?${asked}`).then(async (answer) => {
        if (!answer.ok) throw new Error(answer.status);
        const { least, areas } = await answer.json();
        this.least = least;
        return new Map(areas.map((sum) => [sum.code, sum]));
      }));
    }
    return this.sums.get(key).catch(() => {
      this.sums.delete(key);
      return null;
    });
  }

  shade(sum, scale) {
    if (!sum) return null;
    if (this.kind === "count") return sum.total ? `is-${stepOf(sum.total, scale)}` : null;
    if (!sum.awaited) return null;
    return sum.awaited < this.least ? "is-few" : `is-t${stepOf(share(sum), scale)}`;
  }

  words(sum) {
    const { words } = this.config;
    if (this.kind === "count") return sum?.total ? words.count.replace("{count}", sum.total.toLocaleString("vi")) : words.noCases;
    if (!sum?.awaited) return words.noCases;
    if (sum.awaited < this.least) return words.few;
    return words.share.replace("{share}", `${share(sum)} %`).replace("{n}", sum.awaited - sum.late).replace("{all}", sum.awaited);
  }

  card(area, sum) {
    const box = document.createElement("div");
    const go = make("button", this.config.words.zoomTo.replace("{place}", area.name), "btn btn-second");
    go.type = "button";
    go.addEventListener("click", () => this.openArea(L.latLngBounds(area.rings.flat())));
    box.append(make("p", area.name, "m-card-name"), make("p", this.words(sum)), go);
    return box;
  }

  table(areas, scale) {
    const { words } = this.config;
    const head = this.kind === "count" ? words.countHead : words.ontimeHead;
    const key = document.createElement("ul");
    key.className = "legend shade-key";
    for (const [shade, text] of this.keys(scale)) {
      const item = document.createElement("li");
      item.append(make("span", "", `m-swatch ${shade}`), text);
      key.append(item);
    }
    const box = make("details", "", "shade-table");
    const table = make("table", "", "table");
    for (const { area, sum } of [...areas].sort((a, b) => (b.sum?.total || 0) - (a.sum?.total || 0))) {
      const row = table.insertRow();
      const place = document.createElement("th");
      place.scope = "row";
      const link = make("a", area.name);
      link.href = area.level === "province" ? `/map?province=${area.code}` : `/map?province=${area.parent}&commune=${area.code}`;
      place.append(link);
      row.append(place);
      row.insertCell().textContent = this.words(sum);
    }
    box.open = this.figures.querySelector("details")?.open || false;
    box.append(make("summary", head), table);
    const what = this.kind === "ontime" ? [make("p", words.ontimeWhat, "hint")] : [];
    this.figures.replaceChildren(key, ...what, box);
  }

  keys(scale) {
    const { words } = this.config;
    const edges = scale.length ? scale : [];
    const time = this.kind === "ontime";
    const unit = time ? " %" : "";
    const found = Array.from({ length: edges.length + 1 }, (_, i) => {
      const low = i ? edges[i - 1] : time ? 0 : 1, high = i < edges.length ? edges[i] - 1 : null;
      const text = high === null ? (time ? `${low}–100` : `≥ ${low}`) : low === high ? `${low}` : `${low}–${high}`;
      return [`is-${time ? "t" : ""}${i}`, text + unit];
    });
    return [...found, ...(time ? [["is-few", words.few]] : []), ["is-none", words.noCases]];
  }
}

const share = (sum) => Math.floor((100 * (sum.awaited - sum.late)) / sum.awaited);
const stepOf = (value, scale) => scale.filter((edge) => value >= edge).length;

// Edges that part the areas into shades of about as many areas each.
function breaks(values) {
  const some = values.filter(Boolean).sort((a, b) => a - b);
  const found = Array.from({ length: STEPS - 1 }, (_, i) => some[Math.floor((some.length * (i + 1)) / STEPS)]);
  return [...new Set(found)].filter((edge) => edge > (some[0] || 0));
}

// The islands of the archipelagos are shaded with the province they belong to.
function paint(marker, shade) {
  marker.setRadius(shade ? 4 : 2);
  marker.getElement()?.setAttribute("class", shade ? `m-island m-shade ${shade}` : "m-island");
  if (shade === "is-few") marker.getElement()?.setAttribute("fill", "url(#m-few)");
}

function make(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}
