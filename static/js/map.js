// The map page: brings together map, filters, list. What not everybody asks for (search, sheet, density, shading,
// months, picture) comes with its own module when it is asked for. Without any script the page is the list.
/* global L */

const config = JSON.parse(document.getElementById("map-config").textContent);
const page = document.querySelector("[data-map-page]");
const part = (name) => page.querySelector(`[data-${name}]`);
const stage = part("map-stage"), form = part("filters"), list = part("list"), tally = part("tally"), note = part("note");
const TILE = ["category", "group", "status", "from", "to", "unit"];
const PAGE = [...TILE, "province", "commune", "days", "order", "view"];
const VIETNAM = [[6.6, 102.1], [23.5, 117.2]]; // both archipelagos in sight
const KEPT = "map-view"; // where this device looked last
const DAY = /^20\d\d-\d\d-\d\d$/;
const field = (name) => form.elements.namedItem(name);
const module = (name) => import(config.modules[name]);
const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
const bounds = ([west, south, east, north]) => [[south, west], [north, east]];

if (window.L) start();

async function start() {
  stage.hidden = false;
  page.classList.add("has-map");
  part("apply").hidden = true;
  const map = L.map(part("map"), {
    zoomControl: false, minZoom: 4, maxZoom: 18, maxBounds: [[-2, 88], [32, 130]], maxBoundsViscosity: 0.7,
    attributionControl: Boolean(config.tiles), zoomAnimation: moves, fadeAnimation: moves, markerZoomAnimation: moves, inertia: moves,
  });
  L.control.zoom({ position: "topright", zoomInTitle: config.words.zoomIn, zoomOutTitle: config.words.zoomOut }).addTo(map);
  map.attributionControl?.setPrefix(false);
  if (config.tiles) {
    L.tileLayer(config.tiles.url, { attribution: config.tiles.attribution, maxZoom: 18 }).addTo(map);
    stage.classList.add("has-tiles");
  }
  const [{ Base }, { Cases }] = await Promise.all([module("base"), module("cases")]);
  const base = new Base(map, config);
  const cases = new Cases(map, config, { tally: showTally, pick: openCase, several: openSeveral, failed: (bad) => say(bad ? config.words.failed : "") });
  const scene = { map, base, cases, config };
  cases.ask(tileQuery());
  map.on("moveend", () => {
    leaveArea(map);
    writeAddress(map);
    listLater(map);
  });
  const asRendered = firstView(map);
  listen(scene);
  look(scene);
  if (asRendered) keepList(map);
  if (history.state?.sheet) sheetOf().then((sheet) => sheet.open(history.state.sheet, null, history.state.title, true));
}

// -- where the map looks ---------------------------------------------------------------------------------------

function firstView(map) {
  const given = readView(location.hash.slice(1)) || (!config.view && readView(kept()));
  if (given) map.setView(...given);
  else if (config.view) map.fitBounds(bounds(config.view));
  else map.fitBounds(VIETNAM);
  return !given && !config.view;
}

function readView(text) {
  const [, z, lat, lon] = (text || "").match(/^(\d{1,2})\/(-?[\d.]+)\/(-?[\d.]+)$/) || [];
  return z && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [[Number(lat), Number(lon)], Math.min(18, Number(z))] : null;
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // no storage allowed: the map begins with the country
  }
}

function writeAddress(map) {
  const { lat, lng } = map.getCenter();
  const query = pageQuery(), view = `${map.getZoom()}/${lat.toFixed(4)}/${lng.toFixed(4)}`;
  history.replaceState(history.state, "", `/map${query ? "?" + query : ""}#${view}`);
  try {
    localStorage.setItem(KEPT, view);
  } catch { /* see above */ }
}

// A place that is out of sight is not what one looks at any more.
function leaveArea(map) {
  if (!config.view || map.getBounds().intersects(bounds(config.view))) return;
  config.view = null;
  page.querySelector(".map-place")?.remove();
  for (const name of ["commune", "province"]) if (field(name)) field(name).value = "";
  sayFilters();
}

// -- filters -----------------------------------------------------------------------------------------------------

function chosen() {
  const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  for (const name of ["from", "to"]) if (!DAY.test(values[name])) delete values[name];
  if (values.from > values.to) for (const name of ["from", "to"]) delete values[name];
  if (values.from || values.to) delete values.days;
  return values;
}

const query = (values, names) => String(new URLSearchParams(names.filter((name) => values[name]).map((name) => [name, values[name]])));
const pageQuery = () => query(chosen(), PAGE);

function tileQuery() {
  const values = chosen();
  if (values.days) {
    const day = new Date(config.today + "T00:00:00Z");
    day.setUTCDate(day.getUTCDate() - Number(values.days));
    values.from = day.toISOString().slice(0, 10);
  }
  return query(values, TILE);
}

// Each filter that is set as a chip that takes it away again.
function sayFilters() {
  const values = chosen();
  if (values.commune) delete values.province;
  const said = { from: (day) => config.words.from.replace("{day}", onPaper(day)), to: (day) => config.words.to.replace("{day}", onPaper(day)) };
  const chips = PAGE.slice(0, -2).filter((name) => values[name]).map((name) => {
    const chip = document.createElement("button");
    Object.assign(chip, { type: "button", className: "chip" });
    chip.dataset.clear = name;
    chip.innerHTML = `<svg class="icon icon-s" aria-hidden="true"><use href="${config.sprite}#close"></use></svg>`;
    const words = said[name] ? said[name](values[name]) : wordsOf(name);
    chip.append(words);
    chip.setAttribute("aria-label", config.words.remove.replace("{what}", words));
    const item = document.createElement("li");
    item.append(chip);
    return item;
  });
  part("active").replaceChildren(...chips);
}

function wordsOf(name) {
  const control = field(name);
  if (control instanceof RadioNodeList) return form.querySelector(`[name=${name}]:checked`).parentElement.textContent.trim();
  return (control.selectedOptions?.[0]?.textContent || control.dataset.words || control.value).trim();
}

const onPaper = (day) => day.split("-").reverse().join("/");

function clear(name) {
  const control = field(name);
  if (control instanceof RadioNodeList) form.querySelector(`[name=${name}][value=""]`).checked = true;
  else control.value = "";
  if (name === "province" && field("commune")) field("commune").value = "";
  changed(control instanceof RadioNodeList ? control[0] : control);
}

let changed;

function listen(scene) {
  const { map, cases } = scene;
  changed = (target) => {
    if (target.matches("[data-place]") || target.name === "commune") {
      if (target.name === "province") field("commune")?.setAttribute("disabled", "");
      const asked = pageQuery();
      location.assign(asked ? `/map?${asked}` : "/map");
      return;
    }
    if (target.name === "days" && target.value) for (const name of ["from", "to"]) field(name).value = "";
    if (["from", "to"].includes(target.name) && target.value) form.querySelector("[name=days][value='']").checked = true;
    sayFilters();
    sheet?.close();
    writeAddress(map);
    cases.ask(tileQuery());
    look(scene);
    listLater(map);
    months?.show(tileQuery());
  };
  sayFilters();
  page.addEventListener("change", ({ target }) => target.form === form && changed(target));
  form.addEventListener("submit", (event) => event.preventDefault());
  part("active").addEventListener("click", (event) => {
    const chip = event.target.closest("[data-clear]");
    if (!chip) return;
    clear(chip.dataset.clear);
    (part("active").querySelector("button") || form.querySelector("summary")).focus();
  });
  const search = part("search");
  search.addEventListener("focusin", () => module("places").then(({ listen }) => listen(search, config, placeAddress)).catch(() => {}), { once: true });
  part("order").addEventListener("click", (event) => {
    event.preventDefault();
    reorder(map);
  });
  page.querySelector(".skip-map").addEventListener("click", (event) => {
    event.preventDefault(); // the address keeps the view, and the way back its meaning
    list.parentElement.focus();
  });
  part("locate").addEventListener("click", () => locate(map));
  part("country").addEventListener("click", () => map.fitBounds(VIETNAM));
  part("months").addEventListener("click", () => toggleMonths());
  part("share").addEventListener("click", share);
  part("picture").addEventListener("click", () => onPicture(scene, "save"));
  part("print").addEventListener("click", () => onPicture(scene, "print"));
  map.on("click", () => sheet?.close());
  list.parentElement.addEventListener("click", more);
  part("sheet").addEventListener("click", more);
  listLater(map);
}

function placeAddress({ level, code, parent }) {
  const values = { ...chosen(), province: level === "province" ? code : parent, commune: level === "commune" ? code : "" };
  return `/map?${query(values, PAGE)}`;
}

// -- ways to look ------------------------------------------------------------------------------------------------

let shown, looks = 0; // density or shading, once it was asked for

async function look(scene) {
  const kind = chosen().view || "", turn = ++looks;
  scene.cases.show(kind === "");
  part("figures").hidden = kind === "";
  const name = { heat: "heat", count: "shades", ontime: "shades" }[kind];
  if (shown && shown.name !== name) {
    shown.layer.hide();
    shown = null;
  }
  if (!name) return;
  try {
    const { default: Layer } = await module(name);
    if (turn !== looks) return;
    shown ||= { name, layer: new Layer(scene, part("figures"), openArea) };
    shown.layer.show(kind, tileQuery());
  } catch {
    say(config.words.failed);
  }
  function openArea(box) {
    field("view")[0].checked = true;
    scene.map.fitBounds(box);
    changed(field("view")[0]);
  }
}

let months;

async function toggleMonths() {
  const box = part("time");
  box.hidden = !box.hidden;
  part("months").setAttribute("aria-expanded", String(!box.hidden));
  if (box.hidden) return;
  try {
    months ||= new (await module("time")).default(box, config, (from, to) => {
      field("from").value = from;
      field("to").value = to;
      changed(field("from"));
    });
    await months.show(tileQuery());
    box.querySelector("input")?.focus();
  } catch {
    say(config.words.failed);
  }
}

async function onPicture(scene, what) {
  const filters = [...part("active").querySelectorAll(".chip")].map((chip) => chip.textContent.trim());
  const kind = page.querySelector("[name=view]:checked").parentElement.textContent.trim();
  try {
    const picture = await module("picture");
    await picture[what]({ ...scene, kind, filters, paper: part("paper"), figures: part("figures") });
  } catch {
    say(config.words.failed);
  }
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    say(config.words.copied);
  } catch {
    say(config.words.notCopied);
  }
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

function listAddress(box) {
  const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(5);
  const sides = [clamp(box.getWest(), 180), clamp(box.getSouth(), 85), clamp(box.getEast(), 180), clamp(box.getNorth(), 85)];
  const asked = [tileQuery(), field("order").value && `order=${field("order").value}`].filter(Boolean).join("&");
  return `/map/list?bbox=${sides.join(",")}${asked ? "&" + asked : ""}`;
}

// The list that came with the page is that of this view; only what leads on is made the script's own.
function keepList(map) {
  clearTimeout(listTimer);
  const next = list.querySelector("a[rel=next]");
  const after = next && new URL(next.href).searchParams.get("after");
  list.querySelector("nav")?.remove();
  if (!after) return;
  const on = document.createElement("p");
  on.className = "more";
  on.innerHTML = `<a class="btn btn-second" data-more><svg class="icon" aria-hidden="true"><use href="${config.sprite}#plus"></use></svg><span></span></a>`;
  on.firstChild.href = `${listAddress(map.getBounds())}&after=${after}`;
  on.querySelector("span").textContent = config.words.showMore;
  list.append(on);
}

function reorder(map) {
  const order = field("order");
  order.value = order.value ? "" : "urgent";
  part("order-now").textContent = config.words[order.value || "newest"];
  writeAddress(map);
  listLater(map);
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

let sheet;

async function sheetOf() {
  sheet ||= new (await module("sheet")).default(part("sheet"), fragment, () => say(config.words.failed));
  return sheet;
}

async function openCase(id, marker) {
  (await sheetOf()).open(`/map/cases/${id}`, marker);
}

async function openSeveral(lat, lon, marker) {
  const near = 0.00003;
  (await sheetOf()).open(listAddress(L.latLngBounds([lat - near, lon - near], [lat + near, lon + near])), marker, config.words.at);
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
