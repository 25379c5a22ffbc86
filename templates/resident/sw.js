// The service worker of the form. Made by the server: which files, which version. It keeps the empty form and what
// that needs, never a page about anybody; whatever is not named here goes to the network as if it were not there.
import { alone, flush } from {{ outbox|safe }};
import "{{ asset('js/sw-push.js') }}";

const SHELL = "shell-" + {{ version|safe }};
const FILES = {{ files|safe }};
const PAGES = {{ pages|safe }};
const LANGUAGES = {{ languages|safe }};
const PUBLIC = "public-1"; // names of communes: the same for everybody
const PATIENCE = 800; // ms without an answer, after which the kept form is shown

const address = (page, lang) => `${page}?lang=${lang}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELL);
    await cache.addAll(FILES);
    await keepPages(cache, await language());
    // Taking over at once is safe when nothing is being sent; what waits lies in IndexedDB, whatever our version.
    await alone(() => self.skipWaiting());
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

// The page says in which language it is read; the kept pages follow.
self.addEventListener("message", (event) => {
  const lang = event.data?.lang;
  if (!LANGUAGES.includes(lang)) return;
  event.waitUntil((async () => {
    await (await caches.open(PUBLIC)).put("/language", new Response(lang));
    const cache = await caches.open(SHELL);
    if (!(await cache.match(address(PAGES[0], lang)))) await keepPages(cache, lang);
  })());
});

self.addEventListener("sync", (event) => {
  if (event.tag !== "send-reports") return;
  event.waitUntil(flush().then((left) => {
    if (left) throw new Error("no signal yet"); // the browser asks again later
  }));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === "/report") event.respondWith(page(request, "/report/offline"));
    else if (PAGES.includes(url.pathname)) event.respondWith(page(request, url.pathname));
  } else if (FILES.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(request.url).then((kept) => kept ?? fetch(request)));
  } else if (/^\/report\/communes\/\w+\.json$/.test(url.pathname)) {
    event.respondWith(names(request));
  }
});

async function language() {
  const chosen = await caches.match("/language");
  return chosen ? chosen.text() : "";
}

async function keepPages(cache, lang) {
  for (const path of PAGES) {
    const answer = await fetch(lang ? address(path, lang) : path, { cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error("the form cannot be kept");
    const copy = answer.clone();
    const read = (await answer.text()).match(/<html lang="(\w+)"/)?.[1] ?? LANGUAGES[0];
    await cache.put(address(path, read), copy);
  }
}

// From the network; from what is kept where that does not answer soon.
async function page(request, path) {
  const kept = await keptPage(path);
  const network = fetch(request);
  if (!kept) return network;
  network.catch(() => {});
  const late = new Promise((done) => { setTimeout(done, PATIENCE); });
  try {
    return (await Promise.race([network, late])) ?? kept;
  } catch {
    return kept;
  }
}

async function keptPage(path) {
  const cache = await caches.open(SHELL);
  const lang = await language();
  for (const wished of [lang, ...LANGUAGES]) {
    const found = wished && await cache.match(address(path, wished));
    if (found) return found;
  }
  return undefined;
}

async function names(request) {
  const cache = await caches.open(PUBLIC);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request)) ?? Response.error();
  }
}
