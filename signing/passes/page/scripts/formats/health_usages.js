// Extended key usages of signers of health certificates: the EU's arcs, which WHO took over
// (HCERT specification, Section 4.2.5; WHO SMART Trust, limitation of document signers).

// The second arc stands in early certificates by mistake.
const ARCS = ["1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."];

export const [TEST, VACCINATION, RECOVERY] = ["1", "2", "3"].map((number) =>
  ARCS.map((arc) => arc + number),
);
export const EVERY = [...TEST, ...VACCINATION, ...RECOVERY];
