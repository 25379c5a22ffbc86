// Choosing a place: a map that moves under a fixed cross. Loaded only when somebody asks for it.
const VIETNAM = [[8.4, 102.1], [23.4, 109.5]];

function load(tag, attributes) {
  return new Promise((done, fail) => {
    const node = Object.assign(document.createElement(tag), attributes);
    node.onload = done;
    node.onerror = fail;
    document.head.append(node);
  });
}

export async function openPicker(box, start, chosen) {
  await Promise.all([
    load("link", { rel: "stylesheet", href: box.dataset.mapCss }),
    window.L ? null : load("script", { src: box.dataset.mapJs }),
  ]);
  const L = window.L;
  const frame = document.createElement("div");
  frame.className = "pick-map";
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", box.dataset.label);
  const cross = document.createElement("div");
  cross.className = "pick-cross";
  cross.setAttribute("aria-hidden", "true");
  box.append(frame, cross);

  const map = L.map(frame, { zoomSnap: 0.5, attributionControl: Boolean(box.dataset.tiles) });
  map.attributionControl?.setPrefix(false);
  if (box.dataset.tiles) {
    L.tileLayer(box.dataset.tiles, { attribution: box.dataset.attribution, maxZoom: 19 }).addTo(map);
  }
  const outlines = L.geoJSON(null, { interactive: false, style: { color: "#5b6b69", weight: 1, fillOpacity: 0.04 } }).addTo(map);
  let wanted = "";
  const draw = async () => {
    const level = map.getZoom() < 9 ? "province" : "commune";
    const b = map.getBounds().pad(0.2);
    const query = level === "province" ? "level=province"
      : `level=commune&bbox=${[b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(1)).join(",")}`;
    if (query === wanted) return;
    wanted = query;
    const answer = await fetch(`${box.dataset.areas}?${query}`);
    if (!answer.ok || query !== wanted) return;
    outlines.clearLayers();
    outlines.addData(await answer.json());
  };
  map.on("moveend", draw);
  if (start) map.setView(start, 15);
  else map.fitBounds(VIETNAM);
  // Only a move by the person is a choice; the first view is not.
  map.on("dragend zoomend", () => {
    if (map.getZoom() < 8) return;
    const c = map.getCenter().wrap();
    chosen(c.lat, c.lng);
  });
  return map;
}
