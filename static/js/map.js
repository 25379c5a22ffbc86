// The map page: brings together map, filters, list and the sheet of one case. Without it the page is the list.
/* global L */

const config = JSON.parse(document.getElementById("map-config").textContent);
const page = document.querySelector("[data-map-page]");
const stage = page.querySelector("[data-map-stage]");
const form = page.querySelector("[data-filters]");
const list = page.querySelector("[data-list]");
const tally = page.querySelector("[data-tally]");
const sheet = page.querySelector("[data-sheet]");
const note = page.querySelector("[data-note]");
const ORDER = ["category", "group", "status", "from", "to", "unit"];
const VIETNAM = [[6.6, 102.1], [23.5, 117.2]]; // both archipelagos in sight

if (window.L) start();

async function start() {
  stage.hidden = false;
  page.classList.add("has-map");
  form.querySelector("[data-apply]").hidden = true;
  const map = L.map(page.querySelector("[data-map]"), {
    zoomControl: false, minZoom: 4, maxZoom: 18, maxBounds: [[-2, 88], [32, 130]], maxBoundsViscosity: 0.7,
    attributionControl: Boolean(config.tiles),
  });
  L.control.zoom({ position: "topright", zoomInTitle: config.words.zoomIn, zoomOutTitle: config.words.zoomOut }).addTo(map);
  map.attributionControl?.setPrefix(false);
  if (config.tiles) {
    L.tileLayer(config.tiles.url, { attribution: config.tiles.attribution, maxZoom: 18 }).addTo(map);
    stage.classList.add("has-tiles");
  }
  const [{ Base }, { Cases }] = await Promise.all([import(config.modules.base), import(config.modules.cases)]);
  new Base(map, config);
  const cases = new Cases(map, config, { tally: showTally, pick: openCase, several: openSeveral, failed: (bad) => say(bad ? config.words.failed : "") });
  cases.ask(tileQuery());
  map.on("moveend", () => {
    writeAddress(map);
    listLater(map);
  });
  firstView(map);
  listen(map, cases);
}

// -- where the map looks ---------------------------------------------------------------------------------------

function firstView(map) {
  const [, z, lat, lon] = location.hash.match(/^#(\d{1,2})\/(-?[\d.]+)\/(-?[\d.]+)$/) || [];
  if (z && Math.abs(lat) <= 90 && Math.abs(lon) <= 180) map.setView([Number(lat), Number(lon)], Math.min(18, Number(z)));
  else if (config.view) map.fitBounds([[config.view[1], config.view[0]], [config.view[3], config.view[2]]]);
  else map.fitBounds(VIETNAM);
}

function writeAddress(map) {
  const { lat, lng } = map.getCenter();
  const query = pageQuery();
  history.replaceState(null, "", `/map${query ? "?" + query : ""}#${map.getZoom()}/${lat.toFixed(4)}/${lng.toFixed(4)}`);
}

// -- filters -----------------------------------------------------------------------------------------------------

function chosen() {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
}

function tileQuery() {
  const values = { ...config.fixed, ...chosen() };
  if (values.days) {
    const day = new Date(config.today + "T00:00:00Z");
    day.setUTCDate(day.getUTCDate() - Number(values.days));
    values.from = day.toISOString().slice(0, 10);
  }
  return String(new URLSearchParams(ORDER.filter((name) => values[name]).map((name) => [name, values[name]])));
}

function pageQuery() {
  const values = chosen();
  const names = ["category", "group", "status", "from", "to", "unit", "province", "commune", "days"];
  return String(new URLSearchParams(names.filter((name) => values[name]).map((name) => [name, values[name]])));
}

function sayFilters() {
  const words = [...form.querySelectorAll("input[type=radio]:checked")].filter((input) => input.value);
  form.querySelector("[data-filter-words]").textContent = words.map((input) => input.parentElement.textContent.trim()).join(" · ");
}

function listen(map, cases) {
  sayFilters();
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-place]")) {
      if (event.target.name === "province") form.querySelector("[name=commune]")?.setAttribute("disabled", "");
      const query = pageQuery();
      location.assign(query ? `/map?${query}` : "/map");
      return;
    }
    sayFilters();
    closeSheet();
    writeAddress(map);
    cases.ask(tileQuery());
    listLater(map);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  page.querySelector("[data-locate]").addEventListener("click", () => locate(map));
  sheet.addEventListener("keydown", (event) => event.key === "Escape" && closeSheet());
  page.querySelector("[data-sheet-close]").addEventListener("click", closeSheet);
  map.on("click", closeSheet);
  page.addEventListener("click", more);
  listLater(map);
}

// -- the list, in step with the map -------------------------------------------------------------------------------

let listTimer, listStop, listSeen = true, listStale;
new IntersectionObserver(([entry]) => {
  listSeen = entry.isIntersecting;
  if (listSeen && listStale) listStale();
}, { rootMargin: "300px" }).observe(list.parentElement);

function listLater(map) {
  clearTimeout(listTimer);
  const load = () => {
    listStale = null;
    loadList(listAddress(map.getBounds()));
  };
  // Far below the fold nobody reads it yet: save the data until they scroll there.
  listTimer = setTimeout(() => { if (listSeen) load(); else listStale = load; }, 350);
}

function listAddress(bounds) {
  const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(5);
  const box = [clamp(bounds.getWest(), 180), clamp(bounds.getSouth(), 85), clamp(bounds.getEast(), 180), clamp(bounds.getNorth(), 85)];
  const query = tileQuery();
  return `/map/list?bbox=${box.join(",")}${query ? "&" + query : ""}`;
}

async function fragment(address, signal) {
  const answer = await fetch(address, { signal, headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

async function loadList(address) {
  listStop?.abort();
  listStop = new AbortController();
  try {
    list.innerHTML = await fragment(address, listStop.signal);
  } catch (error) {
    if (error.name !== "AbortError") say(config.words.failed);
  }
}

async function more(event) {
  const link = event.target.closest("[data-more]");
  if (!link) return;
  event.preventDefault();
  try {
    const box = document.createElement("div");
    box.innerHTML = await fragment(link.getAttribute("href"));
    const fresh = box.querySelector(".rows");
    const rows = link.closest(".more").previousElementSibling;
    const first = fresh?.firstElementChild;
    rows.append(...(fresh ? fresh.children : []));
    const next = box.querySelector(".more");
    if (next) link.closest(".more").replaceWith(next);
    else link.closest(".more").remove();
    first?.querySelector("a").focus();
  } catch {
    say(config.words.failed);
  }
}

function showTally(found) {
  const items = config.order.filter((code) => found[code]).map((code) => {
    const item = document.createElement("span");
    item.className = "tallied";
    item.innerHTML = `<svg class="icon icon-s" aria-hidden="true"><use href="${config.sprite}#${config.signs[code][1]}"></use></svg> `;
    const number = document.createElement("b");
    number.textContent = found[code].toLocaleString("vi");
    item.append(`${config.words[code]}: `, number);
    return item;
  });
  const head = document.createElement("span");
  head.textContent = found.total ? config.words.inView.replace("{count}", found.total.toLocaleString("vi")) : config.words.none;
  tally.replaceChildren(head, ...items);
}

// -- the sheet ---------------------------------------------------------------------------------------------------

let opener;

async function openSheet(address, marker, title) {
  try {
    const html = await fragment(address);
    const body = sheet.querySelector("[data-sheet-body]");
    body.innerHTML = html;
    if (title) {
      const heading = document.createElement("h2");
      heading.tabIndex = -1;
      heading.textContent = title;
      body.prepend(heading);
    }
    sheet.hidden = false;
    opener = marker;
    body.querySelector("h2")?.focus({ preventScroll: true });
  } catch {
    say(config.words.failed);
  }
}

function openCase(id, marker) {
  openSheet(`/map/cases/${id}`, marker);
}

function openSeveral(lat, lon, marker) {
  const near = 0.00003;
  openSheet(listAddress(L.latLngBounds([lat - near, lon - near], [lat + near, lon + near])), marker, config.words.at);
}

function closeSheet() {
  if (sheet.hidden) return;
  sheet.hidden = true;
  opener?.getElement()?.focus({ preventScroll: true });
  opener = null;
}

// -- the rest -----------------------------------------------------------------------------------------------------

let noteTimer;

function say(text) {
  clearTimeout(noteTimer);
  note.textContent = text;
  note.hidden = !text;
  if (text) noteTimer = setTimeout(() => say(""), 8000);
}

let here;

function locate(map) {
  const failed = () => say(config.words.notLocated);
  if (!navigator.geolocation) return failed();
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const at = [coords.latitude, coords.longitude];
    here?.remove();
    here = L.circle(at, { radius: Math.min(coords.accuracy, 5000), className: "m-me", interactive: false }).addTo(map);
    map.setView(at, 14);
    say(config.words.located);
  }, failed, { timeout: 15000, maximumAge: 60000 });
}
