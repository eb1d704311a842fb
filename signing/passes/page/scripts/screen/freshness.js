// The lists: taken from this device at once, and renewed when there is a network.

import { TrustLists } from "../trust/lists.js";

const ADDRESS = "/verify/lists.json";
// Of a network that takes requests and never answers. Milliseconds.
const PATIENCE = 8000;
const CACHE = "camtrust-verify-lists";

/** Return the lists that this device has, or null. */
export async function keptLists() {
  try {
    const found = await caches.match(ADDRESS);
    return found ? new TrustLists(await found.json()) : null;
  } catch (error) {
    return null;
  }
}

/** Ask for newer lists and keep them; null where there is no network, or no right answer soon. */
export async function renewedLists() {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), PATIENCE);
  try {
    const { signal } = ending;
    const answer = await fetch(ADDRESS, { cache: "no-cache", credentials: "omit", signal });
    if (!answer.ok) return null;
    const lists = new TrustLists(await answer.clone().json());
    const cache = await caches.open(CACHE);
    await cache.put(ADDRESS, answer);
    return lists;
  } catch (error) {
    return null;
  }
}

/** Tell how the lists stand to this device's clock: fresh, ahead of it, expired, or none. */
export function freshnessOf(lists, now) {
  if (lists === null) return "none";
  if (now > lists.expiresAt) return "expired";
  return now + lists.bounds.clock_tolerance * 1000 < lists.signedAt ? "ahead" : "fresh";
}
