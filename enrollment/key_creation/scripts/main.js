// Begins: every group of a form and every collection on the page, if this browser can.

import { KeyCollection } from "./collection.js";
import { KeyFields } from "./fields.js";
import { all, say } from "./page.js";

// Web Cryptography is there in secure contexts alone: over TLS, or on this very machine.
const able = Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

for (const [selector, Part] of [
  ["[data-key-fields]", KeyFields],
  ["[data-key-collection]", KeyCollection],
]) {
  for (const root of all(document, selector)) {
    if (able) {
      new Part(root).start();
    } else {
      say(root, "no-script", false);
      say(root, "no-crypto");
    }
  }
}
