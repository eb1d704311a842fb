// For the tests: judges a file of cases in one go, and writes what it says of each.
//
//   node judging.js CASES: {"bundles": [...], "cases": [{"bundle": 0, "codes": [...], "at": ms}]}

import { readFileSync, writeFileSync } from "node:fs";
import { TrustLists } from "../../../../signing/passes/page/scripts/trust/lists.js";
import { PassVerifier } from "../../../../signing/passes/page/scripts/verification.js";

const [, , source, target] = process.argv;
const { bundles, cases } = JSON.parse(readFileSync(source, "utf8"));
const verifiers = bundles.map((bundle) => new PassVerifier(new TrustLists(bundle)));
const found = [];
for (const { bundle, codes, at } of cases) {
  const { status, reasons, notes, subject } = await verifiers[bundle].verify(codes, at);
  found.push({ status, reasons, notes, subject: subject ?? null });
}
writeFileSync(target, JSON.stringify(found));
