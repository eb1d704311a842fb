// Checks the signed summary of a stamp and shows what it says. Nothing is sent anywhere: the summary
// stands after the "#" of the address, and the keys stand in the page.
"use strict";

(() => {
  const { fromBase32, fromCbor, toBeSigned, textOf, hex } = window.camtrustStamps;
  const section = document.getElementById("summary");
  const STORED = `stamp ${section.dataset.document}`;
  const ES256 = -7;

  // Another language means another request, and the browser forgets what stood after the "#".
  function remembered() {
    const fragment = location.hash.slice(1);
    try {
      if (fragment) sessionStorage.setItem(STORED, fragment);
      return fragment || sessionStorage.getItem(STORED) || "";
    } catch {
      return fragment;
    }
  }

  function say(name) {
    for (const one of section.querySelectorAll("[data-say]")) {
      one.hidden = one.dataset.say !== name;
    }
    section.hidden = false;
  }

  function keyOf(kid) {
    return JSON.parse(section.dataset.keys).keys.find((key) => key.kid === hex(kid));
  }

  async function verified(text) {
    const [protectedHeader, unprotected, payload, signature] = fromCbor(fromBase32(text));
    const header = fromCbor(protectedHeader);
    const jwk = keyOf(header.get(4));
    if (header.get(1) !== ES256 || unprotected.size !== 0 || !jwk) return null;
    const { kty, crv, x, y } = jwk;
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, curve, false, ["verify"]);
    const context = new TextEncoder().encode("camtrust document summary 1");
    const external = new Uint8Array([...context, ...fromBase32(section.dataset.document)]);
    const message = toBeSigned(protectedHeader, external, payload);
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const good = await crypto.subtle.verify(algorithm, key, signature, message);
    return good ? fromCbor(payload) : null;
  }

  function inCambodia(seconds) {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: "Asia/Phnom_Penh",
      day: "2-digit",
      month: "2-digit",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
    });
    return parts.format(new Date(seconds * 1000)).replace(",", "");
  }

  function addRow(list, name, value) {
    const row = list.querySelector(".govuk-summary-list__row").cloneNode(true);
    row.querySelector("dt").textContent = name;
    row.querySelector("dd").textContent = value;
    list.querySelector("dl").append(row);
  }

  function show(claims) {
    const list = section.querySelector("[data-summary]");
    const values = [textOf(claims.get(1)), textOf(claims.get(3)), textOf(claims.get(4))];
    values.push(inCambodia(claims.get(2)));
    list.querySelectorAll("dd").forEach((cell, at) => {
      cell.textContent = values[at];
    });
    const fields = claims.get(5).map(textOf);
    for (let at = 0; at + 1 < fields.length; at += 2) addRow(list, fields[at], fields[at + 1]);
    list.hidden = false;
    window.camtrustStamps.summary = { length: claims.get(6), sha256: hex(claims.get(7)) };
  }

  async function check() {
    const text = remembered();
    if (!text) return;
    if (!window.crypto || !crypto.subtle) {
      say("unable");
      return;
    }
    let claims = null;
    try {
      claims = await verified(text);
      if (claims) show(claims);
    } catch {
      claims = null;
    }
    say(claims ? "genuine" : "forged");
  }

  window.addEventListener("hashchange", () => location.reload());
  check();
})();
