// Inspections that wait on this phone, and how they are handed in. The form, the unit's other pages and the form's
// service worker use this file. Nothing of it is kept once a sheet has arrived.
const NAME = "dan-giam-sat-unit";
const CACHE = "inspections";
const TIME = 300_000;
let opened;

function open() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("sheets", { keyPath: "number" }); // one for each case
      asked.result.createObjectStore("photos"); // [number, field, sha256] -> File
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = undefined; };
      done(asked.result);
    };
    asked.onerror = () => { opened = undefined; fail(asked.error); };
  });
  return opened;
}

async function within(mode, work) {
  const db = await open();
  return new Promise((done, fail) => {
    const step = db.transaction(["sheets", "photos"], mode);
    const asked = work(step.objectStore("sheets"), step.objectStore("photos"));
    step.oncomplete = () => done(asked?.result);
    step.onabort = () => fail(step.error ?? new DOMException("", "AbortError"));
  });
}

const all = (number) => IDBKeyRange.bound([number], [number, []]);
export const get = (number) => within("readonly", (sheets) => sheets.get(number));
export const list = () => within("readonly", (sheets) => sheets.getAll());

/** Keep what is written: {number, id, by, action, fields: [[name, value]], state: draft | waiting}. */
export async function save(sheet) {
  await within("readwrite", (sheets) => sheets.put({ errors: [], ...sheet, changed: Date.now() }));
}

async function sha256(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keep a photo of a question; gives its {field, sha256, file}. */
export async function addPhoto(number, field, file) {
  const hash = await sha256(file);
  await within("readwrite", (_sheets, photos) => photos.put(file, [number, field, hash]));
  return { field, sha256: hash, file };
}

export const removePhoto = (number, field, hash) => within("readwrite", (_sheets, photos) => photos.delete([number, field, hash]));

/** The photos of a sheet: [{field, sha256, file}]. */
export async function photosOf(number) {
  const keys = await within("readonly", (_sheets, photos) => photos.getAllKeys(all(number)));
  const files = await within("readonly", (_sheets, photos) => photos.getAll(all(number)));
  return keys.map(([, field, hash], at) => ({ field, sha256: hash, file: files[at] }));
}

/** Forget a sheet, its photos and its page. */
export async function forget(number) {
  await within("readwrite", (sheets, photos) => { photos.delete(all(number)); return sheets.delete(number); });
  const cache = await caches.open(CACHE);
  await cache.delete(`/unit/cases/${number}/inspection?keep=1`);
}

/** Forget everything that was kept on this phone for inspections. */
export async function forgetAll() {
  await within("readwrite", (sheets, photos) => { photos.clear(); return sheets.clear(); });
  await caches.delete(CACHE);
}

async function mark(number, what) {
  await within("readwrite", (sheets) => {
    const asked = sheets.get(number);
    asked.onsuccess = () => { if (asked.result) sheets.put({ ...asked.result, ...what }); };
  });
}

/** Hand in what waits. Gives [{number, state, sheet?, errors?}] of each that was tried; `state` is sent, waiting,
    signin (the session has ended), other (written under another account) or failed. */
export async function flush() {
  const work = async () => {
    const done = [];
    for (const sheet of await list()) {
      if (!["waiting", "signin", "other"].includes(sheet.state)) continue;
      const result = await send(sheet);
      if (result.state === "sent") await forget(sheet.number);
      else await mark(sheet.number, { state: result.state, errors: result.errors ?? [] });
      done.push({ number: sheet.number, ...result });
    }
    return done;
  };
  return navigator.locks ? navigator.locks.request("send-inspections", work) : work();
}

// null: no signal, or the server is busy. Otherwise {status, said}; status 401 where somebody must sign in again.
async function ask(address, options = {}) {
  let answer;
  try {
    const signal = AbortSignal.timeout?.(TIME);
    answer = await fetch(address, { ...options, redirect: "manual", signal, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    return null;
  }
  if (answer.type === "opaqueredirect" || answer.status === 403) return { status: 401, said: {} };
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return null;
  try {
    return { status: answer.status, said: (await answer.json()) ?? {} };
  } catch {
    return answer.ok ? null : { status: answer.status, said: {} };
  }
}

async function send(sheet) {
  const waiting = { state: "waiting" };
  const session = await ask("/unit/inspections/token");
  if (!session) return waiting;
  if (session.status !== 200) return { state: "signin" };
  if (session.said.by !== sheet.by) return { state: "other" };
  const guard = { "X-CSRFToken": session.said.csrf_token };
  const fields = sheet.fields.filter(([name]) => name !== "csrf_token" && name !== "client_id");
  fields.push(["client_id", sheet.id]);
  for (const photo of await photosOf(sheet.number)) {
    const known = await ask(`/unit/inspections/photos/${photo.sha256}`);
    if (!known) return waiting;
    let token = known.said.token;
    if (!token) {
      const about = { ...guard, "Content-Sha256": photo.sha256, "Content-Type": photo.file.type || "application/octet-stream" };
      const sent = await ask("/unit/inspections/photos", { method: "PUT", body: photo.file, headers: about });
      if (!sent || sent.status === 409 || sent.status === 400) return waiting;
      if (sent.status === 401) return { state: "signin" };
      if (!sent.said.token) return { state: "failed", errors: Object.values(sent.said.errors ?? {}) };
      token = sent.said.token;
    }
    fields.push([`${photo.field}_kept`, token]);
  }
  const answer = await ask(sheet.action, { method: "POST", body: new URLSearchParams(fields), headers: guard });
  if (!answer || answer.status === 409) return waiting;
  if (answer.status === 401) return { state: "signin" };
  if (answer.status === 201) return { state: "sent", sheet: answer.said.sheet };
  return { state: "failed", errors: Object.values(answer.said.errors ?? {}) };
}
