"""The home of the tests of issuing, for those of what is published of passes."""

from __future__ import annotations

from tests.signing.passes.issuing.conftest import issuer, verifier

__all__ = ["issuer", "verifier"]
