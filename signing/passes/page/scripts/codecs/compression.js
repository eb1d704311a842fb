// Inflation with a bound. pako is zlib itself in JavaScript: it refuses what the other verifier's
// zlib refuses, where browsers' DecompressionStream differ over what may follow a stream.

import { ZStream, Z_OK, Z_BUF_ERROR, Z_STREAM_END, Z_SYNC_FLUSH } from "pako";
import { zlibInflate, zlibInflateEnd, zlibInflateInit2 } from "pako";
import { PassRefused } from "../refusals.js";

const WINDOW_BITS = 15;

/** Inflate a zlib stream (RFC 1950), or a bare DEFLATE stream (RFC 1951) if `raw`. */
export function inflate(octets, { most, raw = false }) {
  const stream = new ZStream();
  zlibInflateInit2(stream, raw ? -WINDOW_BITS : WINDOW_BITS);
  stream.input = octets;
  stream.next_in = 0;
  stream.avail_in = octets.length;
  stream.output = new Uint8Array(most + 1);
  stream.next_out = 0;
  stream.avail_out = most + 1;
  const result = zlibInflate(stream, Z_SYNC_FLUSH);
  const length = stream.next_out;
  zlibInflateEnd(stream);
  if (![Z_OK, Z_BUF_ERROR, Z_STREAM_END].includes(result)) {
    throw refused("The compressed part of the code is broken.");
  }
  if (length > most) {
    throw refused(`The compressed part of the code unfolds to more than ${most} octets.`);
  }
  if (result !== Z_STREAM_END) throw refused("The compressed part of the code ends too early.");
  if (stream.avail_in) throw refused("Something follows the compressed part of the code.");
  return stream.output.slice(0, length);
}

function refused(detail) {
  return new PassRefused("INVALID_COMPRESSION", detail);
}
