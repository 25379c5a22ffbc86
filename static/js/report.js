// The report form, made easier: position by one tap, communes as one types, a screen for each step, and a queue on
// the phone, so that nothing is lost without a signal and nothing is sent twice. Without all this the form works too.
const form = document.querySelector("[data-report]");
const field = (name) => form.elements.namedItem(name);
const part = (name) => document.querySelector(`[data-${name}]`);
const submit = form.querySelector("button:not([type=button])");
const missed = { ...form.dataset };

// ---- place

function setPosition(lat, lon, accuracy, source) {
  field("lat").value = lat.toFixed(6);
  field("lon").value = lon.toFixed(6);
  field("accuracy").value = accuracy ? Math.round(accuracy) : "";
  field("place_source").value = source;
  field("place_unknown").checked = false;
  form.dispatchEvent(new CustomEvent("position"));
}

const status = part("place-status");

function locating(box) {
  const button = box.querySelector("[data-locate]");
  box.hidden = false;
  if (!navigator.geolocation) {
    button.hidden = true;
    return;
  }
  button.addEventListener("click", () => {
    status.textContent = status.dataset.waiting;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setPosition(coords.latitude, coords.longitude, coords.accuracy, "device");
        const words = coords.accuracy > 100 ? status.dataset.rough : status.dataset.found;
        status.textContent = words.replace("{m}", Math.round(coords.accuracy));
      },
      () => { status.textContent = status.dataset.denied; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    );
  });
}

function picking(box) {
  const pick = box.querySelector("#pick");
  const button = box.querySelector("[data-pick]");
  let map = null;
  const here = () => (field("lat").value ? [Number(field("lat").value), Number(field("lon").value)] : null);
  button.addEventListener("click", async () => {
    pick.hidden = !pick.hidden;
    button.setAttribute("aria-expanded", String(!pick.hidden));
    if (pick.hidden || map) return;
    try {
      const { openPicker } = await import(pick.dataset.mapModule);
      map = await openPicker(pick, here(), (lat, lon) => {
        setPosition(lat, lon, null, "map");
        status.textContent = status.dataset.chosen;
      });
    } catch { // no signal: the map cannot come
      pick.hidden = true;
      button.setAttribute("aria-expanded", "false");
      status.textContent = status.dataset.nomap;
      return;
    }
    form.addEventListener("position", () => {
      if (field("place_source").value !== "map") map.setView(here(), 16);
    });
  });
}

function communes() {
  const list = document.getElementById("communes");
  const province = field("province");
  const load = async () => {
    list.replaceChildren();
    if (!province.value) return;
    const answer = await fetch(`/report/communes/${encodeURIComponent(province.value)}.json`).catch(() => null);
    if (!answer?.ok) return; // the name can be typed all the same
    for (const [, name] of await answer.json()) list.append(new Option(name, name));
  };
  province.addEventListener("change", load);
  load();
}

// Typed coordinates are a place on the map, whatever was measured before.
for (const name of ["lat", "lon"]) {
  field(name).addEventListener("input", () => {
    field("place_source").value = "map";
    field("accuracy").value = "";
  });
}

const placed = () => Boolean(
  (field("lat").value && field("lon").value) || field("commune_name").value.trim() || field("place_text").value.trim()
  || form.querySelector("[name=commune]:checked") || field("place_unknown").checked,
);

// ---- photos: made smaller at once, shown, and put back into the field, so that a plain send takes them, too

const files = field("photos");
const fileList = part("file-list");
let photos = []; // [{file, sha256}]
let preparing = Promise.resolve();

function drawPhotos() {
  const holder = new DataTransfer();
  for (const { file } of photos) holder.items.add(file);
  files.files = holder.files;
  fileList.hidden = !photos.length;
  for (const image of fileList.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  fileList.replaceChildren(...photos.map((one) => {
    const item = document.createElement("li");
    const image = Object.assign(new Image(64, 64), { alt: "", src: URL.createObjectURL(one.file) });
    image.addEventListener("error", () => image.replaceWith(Object.assign(document.createElement("span"), { className: "thumb" })));
    const name = Object.assign(document.createElement("span"), { textContent: `${one.file.name} ` });
    name.append(Object.assign(document.createElement("span"), { className: "muted small", textContent: `${(one.file.size / 1048576).toFixed(1)} MB` }));
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: files.dataset.remove });
    remove.setAttribute("aria-label", `${files.dataset.remove} ${one.file.name}`);
    remove.addEventListener("click", () => {
      photos = photos.filter((other) => other !== one);
      drawPhotos();
      files.focus();
    });
    item.append(image, name, remove);
    return item;
  }));
  check();
}

async function addPhotos(chosen) {
  const [tools, outbox] = await Promise.all([import(form.dataset.photos), loading()]).catch(() => []);
  if (!outbox || !able) return; // they stay in the field as they are
  for (const original of chosen) {
    const place = field("lat").value ? null : await tools.placeOf(original);
    const file = await tools.smaller(original);
    const sha256 = await outbox.sha256(file);
    if (!photos.some((known) => known.sha256 === sha256)) photos.push({ file, sha256 });
    if (place && !placed()) {
      setPosition(place.lat, place.lon, null, "photo");
      status.textContent = status.dataset.photo;
    }
  }
  drawPhotos();
}

files.addEventListener("change", () => {
  const chosen = [...files.files];
  preparing = preparing.then(() => addPhotos(chosen)).catch(() => {});
});

// ---- one screen a step, where the screen is small. Nothing is hidden: one may scroll, search, and come by a link

const steps = [...form.querySelectorAll("[data-step]")];

function go(number) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  steps[number].scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  steps[number].focus({ preventScroll: true });
}

function stepping() {
  const bar = part("stepper");
  const small = matchMedia("(max-width: 39.99em)");
  const at = bar.querySelector("[data-at]");
  let now = 0;
  const mark = (number) => {
    now = number;
    bar.querySelector("[data-back]").disabled = now === 0;
    bar.querySelector("[data-next]").disabled = now === steps.length - 1;
    at.textContent = at.dataset.words.replace("{n}", now + 1).replace("{count}", steps.length);
  };
  const fit = () => {
    form.classList.toggle("stepped", small.matches);
    bar.hidden = !small.matches;
  };
  bar.querySelector("[data-back]").addEventListener("click", () => go(now - 1));
  bar.querySelector("[data-next]").addEventListener("click", () => go(now + 1));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) mark(steps.indexOf(entry.target));
  }, { rootMargin: "-40% 0px -55% 0px" });
  for (const step of steps) seen.observe(step);
  small.addEventListener("change", fit);
  mark(0);
  fit();
}

// ---- before sending: what was entered, and what may be the same

const kind = () => form.querySelector("[name=category]:checked");
const title = () => kind()?.closest("label").textContent.trim() ?? "";

function check() {
  part("check").hidden = false;
  part("check-kind").textContent = title() || "–";
  const place = part("check-place");
  const words = [field("commune_name").value, field("place_text").value].filter(Boolean);
  if (field("lat").value) words.unshift(place.dataset.position);
  if (!words.length && field("place_unknown").checked) words.push(place.dataset.unknown);
  place.textContent = words.join(", ") || "–";
  part("check-photos").textContent = photos.length || files.files.length || "–";
}

let asked = "";
async function near() {
  const { value: lat } = field("lat");
  const { value: lon } = field("lon");
  const box = part("near");
  // About 100 m are enough to ask with.
  const round = (number) => Number(number.replace(",", ".")).toFixed(3);
  const question = kind() && lat && lon ? new URLSearchParams({ category: kind().value, lat: round(lat), lon: round(lon) }).toString() : "";
  if (question === asked) return;
  asked = question;
  box.hidden = true;
  if (!question) return;
  const answer = await fetch(`/report/near.json?${question}`).then((a) => (a.ok ? a.json() : [])).catch(() => []);
  if (question !== asked || !answer.length) return;
  box.querySelector("ul").replaceChildren(...answer.map((found) => {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: found.href, target: "_blank", rel: "noopener" });
    link.textContent = `${found.title} – ${found.place}, ${found.day} (${found.status})`;
    item.append(link);
    return item;
  }));
  box.hidden = false;
}

form.addEventListener("change", () => { check(); near(); });
form.addEventListener("position", () => { check(); near(); });

// ---- errors at their fields, as the server writes them

function clearErrors() {
  for (const node of form.querySelectorAll("[data-said]")) node.remove();
}

function complain(errors) {
  clearErrors();
  let first = null;
  for (const [name, words] of Object.entries(errors)) {
    const at = document.getElementById(`field-${name}`) ?? submit;
    const said = Object.assign(document.createElement("p"), { className: "error", textContent: words });
    said.dataset.said = "";
    said.setAttribute("role", "alert");
    if (at.matches("fieldset")) at.querySelector("legend").after(said);
    else (at.closest(".file") ?? at).before(said);
    first ??= at;
  }
  first?.focus({ preventScroll: true });
  first?.scrollIntoView({ block: "center" });
}

function offerCommunes(choices) {
  if (!choices?.length) return;
  const box = document.createElement("fieldset");
  box.className = "field";
  box.dataset.said = "";
  box.append(Object.assign(document.createElement("legend"), { textContent: missed.which }));
  for (const [code, name] of choices) {
    const label = Object.assign(document.createElement("label"), { className: "choice" });
    label.append(Object.assign(document.createElement("input"), { type: "radio", name: "commune", value: code }), name);
    box.append(label);
  }
  document.getElementById("field-commune_name").parentElement.after(box);
}

// ---- the queue

const able = window.isSecureContext && "indexedDB" in window && "subtle" in crypto;
const loading = () => import(form.dataset.outbox);
const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
// A page that came back from the server with kept photos goes on under its id: the photos belong to that.
let id = form.querySelector("[name=photos_kept]") || !able ? field("client_id").value : newId();
let busy = false;

function occupied(now) {
  busy = now;
  submit.disabled = now;
}

function reveal(name) {
  for (const other of ["saved", "full", "unready", "recordings"]) part(other).hidden = other !== name;
  if (!name) return;
  part(name).focus({ preventScroll: true });
  part(name).scrollIntoView({ block: "center" });
}

function startAnew() {
  form.reset();
  for (const hidden of ["lat", "lon", "accuracy", "place_source"]) field(hidden).value = "";
  for (const kept of form.querySelectorAll("[name=photos_kept]")) kept.closest("li")?.remove();
  for (const open of form.querySelectorAll("details[open]")) open.open = false;
  status.textContent = "";
  photos = [];
  id = newId();
  clearErrors();
  drawPhotos();
  near();
}

function entered() {
  const data = new FormData(form);
  const removed = new Set(data.getAll("photos_remove"));
  const skip = new Set(["csrf_token", "client_id", "photos_remove"]);
  return [...data].filter(([name, value]) => typeof value === "string" && value && !skip.has(name) && !removed.has(value));
}

function plainly() {
  field("client_id").value = id;
  HTMLFormElement.prototype.submit.call(form);
}

async function send() {
  reveal("");
  clearErrors();
  const errors = {};
  if (!kind()) errors.category = missed.missingKind;
  if (!placed()) errors.position = missed.missingPlace;
  if (Object.keys(errors).length) {
    complain(errors);
    return;
  }
  await preparing;
  // Clips and voice notes are too large to wait on the phone: they go straight to the server, or not yet.
  if ([...form.querySelectorAll("input[type=file]:not([name=photos])")].some((input) => input.files.length)) {
    if (navigator.onLine) plainly();
    else reveal("recordings");
    return;
  }
  let outbox;
  try {
    outbox = await loading();
  } catch { // the signal went before the page had all its parts
    if (navigator.onLine) plainly();
    else reveal("unready");
    return;
  }
  try {
    if (files.files.length && !photos.length) { // what makes them smaller did not come
      photos = await Promise.all([...files.files].map(async (file) => ({ file, sha256: await outbox.sha256(file) })));
    }
    await outbox.add({ id, fields: entered(), title: title(), photos: photos.map(({ file, sha256 }) => ({ blob: file, sha256, name: file.name })) });
  } catch {
    // Full, or a browser that keeps nothing in this mode: straight to the server, if there is one.
    if (navigator.onLine) plainly();
    else reveal("full");
    return;
  }
  await showQueue(outbox);
  // Asked for first: should the page be closed now, the worker goes on.
  const worker = await navigator.serviceWorker?.getRegistration();
  await worker?.sync?.register("send-reports").catch(() => {});
  const patience = new Promise((late) => { setTimeout(late, 15_000); });
  await Promise.race([outbox.flush().catch(() => {}), patience]);
  const entry = await outbox.get(id);
  if (entry?.state === "sent") {
    startAnew(); // whoever comes back writes another report
    location.assign(`/r/${entry.code}?sent=1`);
  } else if (entry?.state === "failed") {
    complain(entry.errors);
    offerCommunes(entry.choices);
  } else {
    startAnew();
    reveal("saved");
  }
}

form.addEventListener("submit", async (event) => {
  if (!able) {
    setTimeout(() => { submit.disabled = true; }, 0);
    return;
  }
  event.preventDefault();
  if (busy) return;
  occupied(true);
  try {
    await send();
  } finally {
    occupied(false);
  }
});

// Back from the next page: the form may be sent again.
window.addEventListener("pageshow", () => occupied(false));

let shown = false;
async function showQueue(outbox) {
  if (shown || !(await outbox.list()).length) return;
  shown = true;
  const { show } = await import(form.dataset.list);
  await show(part("queue"), outbox);
}

function fill(fields) {
  for (const [name, value] of fields) {
    if (name === "photos_kept") {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      continue;
    }
    const one = form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
    if (one?.matches("[type=radio], [type=checkbox]")) {
      one.checked = true;
      one.closest("details")?.setAttribute("open", "");
    } else if (field(name) && "value" in field(name)) field(name).value = value;
  }
  check();
}

async function edit(outbox) {
  const wanted = location.hash.match(/^#edit=([\w-]+)$/)?.[1];
  const entry = wanted && await outbox.get(wanted);
  if (!entry || entry.state === "sent" || entry.state === "sending") return;
  history.replaceState(null, "", location.pathname);
  id = entry.id;
  fill(entry.fields);
  for (const { sha256, name } of entry.photos) {
    const blob = await outbox.photo(id, sha256);
    if (blob) photos.push({ file: new File([blob], name, { type: blob.type }), sha256 });
  }
  drawPhotos();
  complain(entry.errors);
  offerCommunes(entry.choices);
}

async function queueing() {
  const outbox = await loading();
  await edit(outbox);
  await showQueue(outbox);
  import(form.dataset.photos).catch(() => {});
  const flush = () => { if (document.visibilityState === "visible" && !busy) outbox.flush().catch(() => {}); };
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", flush);
  setInterval(async () => { if ((await outbox.list()).some((e) => e.state === "waiting")) flush(); }, 30_000);
  flush();
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/" });
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ lang: document.documentElement.lang });
}

// ---- begin

const box = part("place");
locating(box);
picking(box);
communes();
stepping();
check();
fill([...new URLSearchParams(location.search)].filter(([name]) => ["category", "lat", "lon", "province"].includes(name)));
const signal = () => { part("offline").hidden = navigator.onLine; };
for (const name of ["online", "offline"]) window.addEventListener(name, signal);
signal();
if (able) {
  // What the queue needs comes after the first view: with the first touch or 3 seconds later. Whoever has been here
  // before, and so may have something waiting, has it on the phone already.
  let begun = false;
  const later = () => {
    if (begun) return;
    begun = true;
    queueing().catch(() => { begun = false; });
  };
  if (navigator.serviceWorker?.controller || location.hash) later();
  for (const sign of ["pointerdown", "keydown", "focusin", "change"]) window.addEventListener(sign, later, { once: true });
  window.addEventListener("load", () => setTimeout(later, 3000));
}
