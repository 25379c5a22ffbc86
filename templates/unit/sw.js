// The service worker of the inspection form, and of nothing else: it answers for the pages that inspection.js has kept on
// purpose, when the network does not, and hands in what waits.
import { flush } from {{ sheets|safe }};

const CACHE = "inspections";
const PATIENCE = 3000; // ms without an answer, after which the kept page is shown

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("sync", (event) => {
  if (event.tag !== "send-inspections") return;
  event.waitUntil(flush().then((done) => {
    if (done.some((one) => one.state === "waiting")) throw new Error("no signal yet"); // the browser asks again later
  }));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && /^\/unit\/cases\/\w+\/inspection$/.test(url.pathname)) {
    event.respondWith(page(request, `${url.pathname}?keep=1`));
  } else if (url.pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(() => kept(request.url)));
  }
});

async function kept(address) {
  const found = await (await caches.open(CACHE)).match(address);
  return found ?? Response.error();
}

async function page(request, address) {
  const copy = await (await caches.open(CACHE)).match(address);
  const network = fetch(request);
  if (!copy) return network;
  network.catch(() => {});
  const late = new Promise((done) => { setTimeout(done, PATIENCE); });
  try {
    return (await Promise.race([network, late])) ?? copy;
  } catch {
    return copy;
  }
}
