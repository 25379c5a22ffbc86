// Reports that wait on this phone, and how they are sent. The page and the service worker both use this file.
// The database has a version of its own: a new version of the app finds what an older one has put in.
const NAME = "dan-giam-sat";
const STATES = { waiting: "waiting", sending: "sending", sent: "sent", failed: "failed" };
const PHOTO_TIME = 300_000; // ms; a photo of 800 KB takes 20 s at 400 kbit/s
const TEXT_TIME = 60_000;

let opened;

function open() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("reports", { keyPath: "id" });
      asked.result.createObjectStore("photos"); // [id, sha256] -> Blob
      asked.result.createObjectStore("lease"); // only where there are no Web Locks
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = undefined; };
      done(asked.result);
    };
    asked.onerror = () => { opened = undefined; fail(asked.error); };
  });
  return opened;
}

// Do `work(store, …)` in one transaction; gives the result of the request that `work` returns, once all is on disk.
async function within(stores, mode, work) {
  const db = await open();
  return new Promise((done, fail) => {
    const step = db.transaction(stores, mode);
    const asked = work(...stores.map((name) => step.objectStore(name)));
    step.oncomplete = () => done(asked?.result);
    step.onabort = () => fail(step.error ?? new DOMException("", "AbortError"));
  });
}

const changes = typeof BroadcastChannel === "function" ? new BroadcastChannel("reports") : null;
const listeners = new Set();

function tell() {
  changes?.postMessage(0);
  for (const listener of listeners) listener();
}

/** Call `listener` whenever something in the queue has changed, here or in another page. */
export function onChange(listener) {
  listeners.add(listener);
  changes?.addEventListener("message", listener);
}

/** Put a report into the queue, or in place of the one with its id. `photos` are {blob, sha256, name}.
    Rejects with QuotaExceededError where the phone is full: nothing is kept then. */
export async function add({ id, fields, photos, title }) {
  const entry = {
    id, fields, title, state: STATES.waiting, made: Date.now(), errors: {},
    photos: photos.map(({ sha256, name }) => ({ sha256, name })),
  };
  await within(["reports", "photos"], "readwrite", (reports, blobs) => {
    blobs.delete(all(id));
    for (const { blob, sha256 } of photos) blobs.put(blob, [id, sha256]);
    return reports.put(entry);
  });
  tell();
  return entry;
}

const all = (id) => IDBKeyRange.bound([id], [id, "\uffff"]);
export const get = (id) => within(["reports"], "readonly", (reports) => reports.get(id));
export const photo = (id, sha256) => within(["photos"], "readonly", (blobs) => blobs.get([id, sha256]));

/** Everything in the queue, oldest first. */
export async function list() {
  const found = await within(["reports"], "readonly", (reports) => reports.getAll());
  return found.sort((a, b) => a.made - b.made);
}

/** Remove a report with its photos from this phone. */
export async function remove(id) {
  await within(["reports", "photos"], "readwrite", (reports, blobs) => {
    blobs.delete(all(id));
    return reports.delete(id);
  });
  tell();
}

/** Let a failed report wait again. */
export async function retry(id) {
  await change(id, { state: STATES.waiting, errors: {}, choices: [] });
}

async function change(id, what) {
  await within(["reports"], "readwrite", (reports) => {
    const asked = reports.get(id);
    asked.onsuccess = () => { if (asked.result) reports.put({ ...asked.result, ...what }); };
  });
  tell();
}

/** Send what waits, one after the other. Page and service worker never do it at the same time.
    Gives how many still wait for a signal. */
export async function flush() {
  return alone(async () => {
    for (const entry of await list()) {
      // What is marked as being sent while nobody else sends was cut off.
      if (entry.state !== STATES.waiting && entry.state !== STATES.sending) continue;
      await change(entry.id, { state: STATES.sending });
      try {
        await send(entry.id);
      } catch (problem) {
        await change(entry.id, { state: STATES.waiting });
        if (!(problem instanceof Later)) throw problem;
        break; // no signal, or the server is busy: the others would fare the same
      }
    }
    return (await list()).filter((entry) => entry.state === STATES.waiting).length;
  });
}

/** Do `work` while nobody else sends, in any page or worker of ours. */
export async function alone(work) {
  if (navigator.locks) return navigator.locks.request("send-reports", work);
  const mine = Math.random();
  for (;;) {
    let got = false;
    await within(["lease"], "readwrite", (lease) => {
      const asked = lease.get("send");
      asked.onsuccess = () => {
        got = !asked.result || asked.result.until < Date.now();
        if (got) lease.put({ mine, until: Date.now() + PHOTO_TIME + TEXT_TIME }, "send");
      };
    });
    if (got) break;
    await new Promise((done) => { setTimeout(done, 500); });
  }
  try {
    return await work();
  } finally {
    await within(["lease"], "readwrite", (lease) => lease.delete("send"));
  }
}

/** SHA-256 in hex. */
export async function sha256(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Not now, but later as it is. */
class Later extends Error {}

async function ask(address, options, time) {
  let answer;
  try {
    const signal = AbortSignal.timeout?.(time);
    answer = await fetch(address, { ...options, signal, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new Later();
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw new Later();
  let said;
  try {
    said = await answer.json();
  } catch {
    // Not from us: the sign-in page of somebody's network, or an answer that was cut.
    if (answer.ok || answer.redirected) throw new Later();
    said = {};
  }
  return { ok: answer.ok, status: answer.status, said };
}

async function send(id) {
  for (let round = 0; round < 3; round += 1) {
    const entry = await get(id);
    if (!entry) return; // removed meanwhile
    const tokens = await photosOf(entry);
    if (!tokens) return;
    const fields = [...entry.fields.filter(([name]) => name !== "client_id"), ["client_id", id]];
    for (const token of tokens) fields.push(["photos_kept", token]);
    const { ok, status, said } = await ask("/report", { method: "POST", body: new URLSearchParams(fields) }, TEXT_TIME);
    if (ok && said.code) {
      // Sent: the phone keeps the code and nothing of what was written or taken.
      await within(["reports", "photos"], "readwrite", (reports, blobs) => {
        blobs.delete(all(id));
        const { made, title } = entry;
        return reports.put({ id, made, title, state: STATES.sent, code: said.code, sent: Date.now(), fields: [], photos: [] });
      });
      tell();
      return;
    }
    if (ok) throw new Later();
    if (status !== 409) {
      await change(id, { state: STATES.failed, errors: said.errors ?? {}, choices: said.choices ?? [] });
      return;
    }
    // Photos that an earlier page had handed over are gone for good; those on this phone are sent again.
    await change(id, { fields: entry.fields.filter(([name]) => name !== "photos_kept") });
  }
  throw new Later();
}

// The tokens of a report's photos, each sent unless the server has it already; null when one was refused.
async function photosOf(entry) {
  if (!entry.photos.length) return [];
  const id = entry.id;
  const question = JSON.stringify({ client_id: id, sha256: entry.photos.map((p) => p.sha256) });
  const headers = { "Content-Type": "application/json" };
  const known = await ask("/report/photos/have", { method: "POST", body: question, headers }, TEXT_TIME);
  const tokens = [];
  for (const { sha256, name } of entry.photos) {
    let token = known.said.tokens?.[sha256];
    if (!token) {
      const blob = await photo(id, sha256);
      if (!blob) continue;
      const about = { "Client-Id": id, "Content-Sha256": sha256, "Content-Type": blob.type || "application/octet-stream" };
      const { ok, status, said } = await ask("/report/photos", { method: "PUT", body: blob, headers: about }, PHOTO_TIME);
      if (status === 409) throw new Later(); // it was cut on the way
      if (!ok) {
        await change(id, { state: STATES.failed, errors: said.errors ?? {}, refused: name });
        return null;
      }
      token = said.token;
    }
    tokens.push(token);
  }
  return tokens;
}
