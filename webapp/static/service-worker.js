// The page's shell, so that it can be installed and opens at once. Only files of the page itself
// are kept, never a frame, a photo or an answer; the server's own copy wins wherever it answers.

const CACHE = "facelines-shell-1";
const MODULES = [
  "cameras", "charts", "connection", "dialogs", "drawing", "feed", "history", "labels",
  "local_source", "main", "motion", "names", "overlay", "panels", "parade", "people", "photos", "readers",
  "recorder", "reference", "samples", "shapes", "share", "snippets", "source", "verdict", "view",
];
const SHELL = [
  "/", "/manifest.webmanifest", "/static/base.css", "/static/page.css", "/static/icons/icon.svg",
  ...MODULES.map((name) => `/static/js/${name}.js`),
];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)));
});

self.addEventListener("activate", (event) => {
  const removeOld = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(removeOld());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const isShell = origin === location.origin && SHELL.includes(pathname);
  if (isShell && event.request.method === "GET") event.respondWith(fresh(event.request));
});

async function fresh(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (!kept) throw error;
    return kept;
  }
}
