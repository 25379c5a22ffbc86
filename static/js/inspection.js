// The inspection's form on a phone: kept on purpose when it is opened, so that it works without a signal; what is
// written is kept at each change and handed in by itself. Without all this the form is sent like any other.
const form = document.querySelector("[data-inspection]");
const { number, by } = form.dataset;
const field = (name) => form.elements.namedItem(name);
const stateBox = document.querySelector("[data-sheet-state]");
const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// ---- position and times

function locating() {
  const box = form.querySelector("[data-locate-box]");
  const status = form.querySelector("[data-place-status]");
  if (!navigator.geolocation) return;
  box.hidden = false;
  box.querySelector("[data-locate]").addEventListener("click", () => {
    status.textContent = status.dataset.waiting;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field("lat").value = coords.latitude.toFixed(6);
        field("lon").value = coords.longitude.toFixed(6);
        field("accuracy").value = Math.round(coords.accuracy);
        status.textContent = status.dataset.found.replace("{m}", Math.round(coords.accuracy));
        form.dispatchEvent(new Event("change"));
      },
      () => { status.textContent = status.dataset.denied; },
      { enableHighAccuracy: true, timeout: 30_000, maximumAge: 10_000 },
    );
  });
  for (const name of ["lat", "lon"]) field(name).addEventListener("input", () => { field("accuracy").value = ""; });
}

const now = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

locating();

// ---- keeping

const able = "indexedDB" in window && "caches" in window && "serviceWorker" in navigator && crypto.subtle;
if (able) await keep().catch(() => {});

async function keep() {
  const sheets = await import(form.dataset.sheets);
  const { smaller } = await import(form.dataset.photosModule);
  let photos = [];
  let id = newId();
  let state = "draft";
  let timer;

  const fields = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && value !== "" && name !== "csrf_token" && name !== "client_id");
  const save = () => sheets.save({ number, id, by, action: form.getAttribute("action"), fields: fields(), state });

  function say(name, more = "") {
    stateBox.hidden = !name;
    if (!name) return;
    stateBox.querySelector("[data-words]").textContent = `${stateBox.dataset[name]} ${more}`.trim();
    stateBox.querySelector("[data-signin-link]").hidden = name !== "signin" && name !== "other";
    stateBox.scrollIntoView({ block: "nearest" });
  }

  function draw() {
    for (const input of form.querySelectorAll("[data-photos]")) {
      const shown = input.closest("[data-file-field]").querySelector("[data-file-list]");
      const mine = photos.filter((photo) => photo.field === input.name);
      for (const image of shown.querySelectorAll("img")) URL.revokeObjectURL(image.src);
      shown.hidden = !mine.length;
      shown.replaceChildren(...mine.map((photo) => {
        const item = document.createElement("li");
        const image = Object.assign(new Image(64, 64), { alt: "", src: URL.createObjectURL(photo.file) });
        const size = Object.assign(document.createElement("span"), { textContent: `${(photo.file.size / 1048576).toFixed(1)} MB` });
        const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: form.dataset.remove });
        remove.addEventListener("click", async () => {
          await sheets.removePhoto(number, photo.field, photo.sha256);
          photos = photos.filter((other) => other !== photo);
          draw();
        });
        item.append(image, size, remove);
        return item;
      }));
    }
  }

  // What was written before, on this phone and under this account, is there again.
  const before = await sheets.get(number);
  if (before && before.by === by) {
    // An inspection keeps the questions with which it was begun, also when others are asked from today on.
    const begun = before.fields.find(([name]) => name === "checklist")?.[1];
    const address = begun && `${location.pathname}?list=${encodeURIComponent(begun)}`;
    if (begun && begun !== field("checklist").value && !location.href.endsWith(address)) {
      location.replace(address);
      return;
    }
    ({ id, state } = before);
    for (const [name, value] of before.fields) {
      if (name === "checklist") continue;
      const found = field(name);
      if (found) found.value = value; // a group of radio buttons takes it as well
    }
    photos = await sheets.photosOf(number);
    draw();
    if (state !== "draft") say(state, before.errors?.join(" "));
  } else if (before) {
    say("other"); // kept for whoever wrote it; this form is sent without being kept
    return;
  }
  if (!field("began_at").value) field("began_at").value = now();

  for (const input of form.querySelectorAll("[data-photos]")) {
    input.addEventListener("change", async (event) => {
      event.stopPropagation();
      try {
        for (const file of [...input.files]) {
          const photo = await sheets.addPhoto(number, input.name, await smaller(file));
          if (!photos.some((other) => other.field === photo.field && other.sha256 === photo.sha256)) photos.push(photo);
        }
        input.value = "";
        await save();
      } catch {
        say("full");
      }
      draw();
    });
  }
  const changed = () => {
    if (state === "failed") state = "draft"; // what was wrong is being put right
    save().catch(() => say("full"));
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(changed, 400); });
  form.addEventListener("change", changed);

  async function flush() {
    const waits = (await sheets.get(number))?.state;
    if (!["waiting", "signin", "other"].includes(waits)) return;
    if (waits === "waiting") say("sending");
    const mine = (await sheets.flush()).find((one) => one.number === number);
    if (mine?.state === "sent") location.assign(mine.sheet);
    else if (mine) { state = mine.state; say(mine.state, mine.errors?.join(" ")); }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (!field("ended_at").value) field("ended_at").value = now();
    state = "waiting";
    try {
      await save();
    } catch {
      state = "draft";
      say("full");
      return;
    }
    say("waiting");
    const worker = await navigator.serviceWorker.getRegistration("/unit/cases/");
    worker?.sync?.register("send-inspections").catch(() => {});
    await flush();
  });
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") flush(); });
  setInterval(flush, 30_000);

  // The page itself, as for a stranger, and what it needs.
  await navigator.serviceWorker.register("/unit/sw.js", { scope: "/unit/cases/", type: "module" }).catch(() => {});
  const cache = await caches.open("inspections");
  const page = `/unit/cases/${number}/inspection?keep=1`;
  try {
    const answer = await fetch(`${page}&list=${encodeURIComponent(field("checklist").value)}`, { cache: "no-store", redirect: "manual" });
    if (answer.ok) {
      await cache.put(page, answer);
      await cache.addAll(JSON.parse(form.dataset.files));
    }
  } catch {
    // No signal: what was kept before stays.
  }
  document.querySelector("[data-offline-box]").hidden = !(await cache.match(page));
  await flush();
}
