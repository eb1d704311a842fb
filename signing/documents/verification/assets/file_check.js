// Computes the SHA-256 of a file in the browser and compares it with the registered ones. The file
// leaves the device in no way: the page's policy allows no connection.
"use strict";

(() => {
  const { hex } = window.camtrustStamps;
  const section = document.getElementById("file-check");
  const input = document.getElementById("file");
  const versions = JSON.parse(section.dataset.versions);

  function say(...names) {
    for (const one of section.querySelectorAll("[data-say]")) {
      one.hidden = !names.includes(one.dataset.say);
    }
  }

  async function sha256(blob) {
    return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
  }

  async function standing(file, digest) {
    const found = versions.find((one) => one.sha256 === digest);
    if (found) return found.position === versions.length ? "same" : "earlier";
    // An archive time-stamp is appended, too.
    const last = versions[versions.length - 1];
    const begins = file.size > last.length && (await sha256(file.slice(0, last.length)));
    return begins === last.sha256 ? "longer" : "other";
  }

  // A signature is appended to a PDF: the file that was stamped is the beginning of this one.
  async function ofStamp(file) {
    const { summary } = window.camtrustStamps;
    if (!summary) return [];
    const begins = file.size >= summary.length && (await sha256(file.slice(0, summary.length)));
    return [begins === summary.sha256 ? "stamped" : "not-stamped"];
  }

  async function compare(file) {
    say("working");
    try {
      const digest = await sha256(file);
      section.querySelector("[data-fingerprint]").textContent = digest;
      say(await standing(file, digest), "fingerprint", ...(await ofStamp(file)));
    } catch {
      say("unreadable");
    }
  }

  if (window.crypto && crypto.subtle) {
    section.hidden = false;
    input.addEventListener("change", () => {
      if (input.files.length === 1) compare(input.files[0]);
    });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length === 1) compare(event.dataTransfer.files[0]);
    });
  }
})();
