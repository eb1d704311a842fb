"""Our encoding of an ECDSA signature is the one that `cryptography` makes."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from hsm.algorithms import ecdsa_der

NUMBERS = st.sampled_from([32, 48]).flatmap(
    lambda octets: st.tuples(
        st.just(octets), st.integers(0, 256**octets - 1), st.integers(0, 256**octets - 1)
    )
)


@given(NUMBERS)
def test_a_raw_signature_becomes_der_as_another_library_writes_it(
    signature: tuple[int, int, int],
) -> None:
    octets, r, s = signature
    raw = r.to_bytes(octets, "big") + s.to_bytes(octets, "big")
    assert ecdsa_der(raw) == encode_dss_signature(r, s)


def test_small_numbers_and_those_with_a_high_bit_keep_their_sign() -> None:
    for r in (0, 1, 0x7F, 0x80, 1 << 255, (1 << 256) - 1):
        raw = r.to_bytes(32, "big") + (1).to_bytes(32, "big")
        assert ecdsa_der(raw) == encode_dss_signature(r, 1)
