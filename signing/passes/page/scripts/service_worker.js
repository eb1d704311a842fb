// Keeps this application on the device: what it is made of is fetched once, whole, and then served
// from here. The server puts VERSION and FILES before it: their content changes, so does this file.
/* global VERSION, FILES */

const CACHE = `camtrust-verify-${VERSION}`;
const LISTS = "camtrust-verify-lists";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((one) => new Request(one, { cache: "no-cache" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((one) => one.startsWith("camtrust-verify-")))
      .then((names) => names.filter((one) => one !== CACHE && one !== LISTS))
      .then((old) => Promise.all(old.map((one) => caches.delete(one))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const path = pathname === "/verify" ? `/verify/${ownLanguage()}` : pathname;
  if (!FILES.includes(path)) return;
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(path))
      .then((kept) => kept || fetch(event.request)),
  );
});

function ownLanguage() {
  return self.navigator.language.toLowerCase().startsWith("en") ? "en" : "km";
}
