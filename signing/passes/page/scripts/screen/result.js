// The result: colour, shape and word, whom the pass is about, and how it came to be.

import { detailsOf } from "./details.js";
import { isSpecimen, lightOf, warningsOf } from "./lights.js";
import { add, find, say, show, word, written } from "./page.js";

const PERSON = [
  ["name", "name"],
  ["standardisedName", "standardised-name"],
  ["dateOfBirth", "date-of-birth"],
  ["documentNumber", "document-number"],
];
const PERIOD = ["issuedAt", "notBefore", "expiresAt"];

export class Result {
  constructor(onNext) {
    this.root = find("#result");
    find("#next").addEventListener("click", () => {
      this.clear();
      onNext();
    });
  }

  /** Show a verdict; return its light and its word. */
  open(verdict, { freshness, isBorder }) {
    const { light, said } = lightOf(verdict, freshness);
    this.root.dataset.light = light;
    for (const one of this.root.querySelectorAll("[data-shape]")) {
      one.classList.toggle("verify-hidden", one.dataset.shape !== light);
    }
    say("verdict", said);
    say("advice", said);
    show(find("#specimen"), isSpecimen(verdict));
    find("#warnings").textContent = warningsOf(verdict).join(" ");
    this.showPerson(verdict, isBorder);
    this.showDetails(verdict, isBorder);
    show(this.root);
    show(find("#looking"), false);
    this.root.scrollTop = 0;
    find("#verdict").focus();
    return { light, spoken: word("verdict", said) };
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Take everything of the pass out of the page. */
  clear() {
    show(this.root, false);
    show(find("#looking"));
    for (const name of ["#person", "#details", "#warnings"]) find(name).textContent = "";
  }

  showPerson({ subject }, isBorder) {
    const person = find("#person");
    person.textContent = "";
    for (const [member, label] of PERSON) {
      const value = subject?.[member];
      if (!value || (!isBorder && !isForShop(member, subject))) continue;
      const isYear = member === "dateOfBirth" && !isBorder;
      add(person, "dt", "verify-label", word("label", isYear ? "year-of-birth" : label));
      add(person, "dd", "verify-value", isYear ? value.slice(0, 4) : value);
    }
    show(find("#compare"), Boolean(subject) && person.children.length > 0);
  }

  showDetails(verdict, isBorder) {
    const rows = find("#details");
    rows.textContent = "";
    show(find("#more"), isBorder);
    if (!isBorder) return;
    const { signer, kind, issuer, identifier, notes } = verdict;
    const found = [
      ["kind", kind],
      ...(signer ? detailsOf(verdict) : []),
      ["issuer", issuer],
      ...PERIOD.map((name) => [name, isKnown(verdict[name]) ? written(verdict[name], true) : null]),
      ["identifier", identifier],
      ["signer", signer && (signer.certificate?.name || signer.thumbprint)],
      ["source", signer?.source],
      ...notes.map((note) => ["note", note]),
      ...verdict.reasons.map((reason) => ["reason", reason]),
    ];
    for (const [label, value] of found) {
      if (!value) continue;
      const row = add(rows, "div", "verify-row", "");
      add(row, "dt", "verify-label", word("label", label));
      add(row, "dd", "", value);
    }
  }
}

function isForShop(member, subject) {
  // A seal has no other name than that of the passport's machine-readable zone.
  return member === "name" || member === "dateOfBirth" || (member === "standardisedName" && !subject.name);
}

function isKnown(instant) {
  return instant !== null && instant !== undefined;
}
