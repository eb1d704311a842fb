"""Tell usable Ed25519 public keys from points under which anything verifies.

Verifiers accept points of small order; a signature by such a "key" binds nobody to anything.
RFC 8032, Section 5.1, in affine coordinates: slow, and called once a request.
"""

from __future__ import annotations

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_COFACTOR_DOUBLINGS = 3

Point = tuple[int, int]


def is_full_order(encoded: bytes) -> bool:
    """Tell whether 32 octets are a canonical point that is not of order 1, 2, 4 or 8."""
    point = _decode(encoded)
    if point is None:
        return False
    for _ in range(_COFACTOR_DOUBLINGS):
        point = _add(point, point)
    return point != (0, 1)


def _decode(encoded: bytes) -> Point | None:
    # RFC 8032, Section 5.1.3.
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == -u % _P:
        x = x * _SQRT_MINUS_1 % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    return (_P - x if x & 1 != sign else x), y


def _add(a: Point, b: Point) -> Point:
    # RFC 8032, Section 5.1.4; the formula is complete on this curve.
    (x1, y1), (x2, y2) = a, b
    k = _D * x1 * x2 * y1 * y2 % _P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, _P) % _P
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, _P) % _P
    return x, y
