// The service worker of the page without a server: after the first visit it opens without a
// network. The build puts SITE in front, { cache: name, shell: { path: integrity } }: the page's
// own files; the networks are kept by reading/files.js when they are first loaded.

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepShell());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) {
    event.respondWith(kept(event.request));
  }
});

// Each file is checked against the hash that the site was made with.
async function keepShell() {
  const cache = await caches.open(SITE.cache);
  await Promise.all(Object.entries(SITE.shell).map(([path, integrity]) => (
    cache.add(new Request(path, { integrity, cache: "no-cache" }))
  )));
}

async function removeOld() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("facelines-") && name !== SITE.cache);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function kept(request) {
  const cache = await caches.open(SITE.cache);
  const page = request.mode === "navigate" ? self.registration.scope : request;
  return await cache.match(page, { ignoreSearch: true, ignoreVary: true }) ?? fetch(request);
}
