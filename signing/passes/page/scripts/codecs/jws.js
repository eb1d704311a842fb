// JWS in its compact form (RFC 7515, Section 7.1).

import { PassRefused, badEncoding } from "../refusals.js";
import { text } from "../values.js";
import { decode } from "./base64url.js";
import { ofText } from "./octets.js";
import { loads } from "./strict_json.js";

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;

export function isCompact(source) {
  return COMPACT.test(source);
}

/** Read {header, payload, keyId, signed(allowed)} of a compact JWS. */
export function readCompact(source) {
  if (!isCompact(source)) {
    throw badEncoding("The code holds no compact JWS: three parts in base64url.");
  }
  const [head, body, seal] = source.split(".");
  const header = loads(decode(head, "The header of the JWS"));
  if (!(header instanceof Map)) throw badEncoding("The header of the JWS is not an object.");
  if (header.has("crit")) {
    // RFC 7515, Section 4.1.11
    throw new PassRefused("NOT_SUPPORTED", "The code asks for headers that are not known here.");
  }
  const payload = decode(body, "The payload of the JWS");
  const signature = decode(seal, "The signature of the JWS");
  return {
    header,
    payload,
    keyId: text(header.get("kid")),
    signed(allowed) {
      const algorithm = header.get("alg");
      if (!allowed.includes(algorithm)) {
        throw new PassRefused(
          "INVALID_SIGNATURE",
          "The code names an algorithm that passes of this kind never use.",
        );
      }
      return { algorithm, octets: ofText(`${head}.${body}`), signature };
    },
  };
}
