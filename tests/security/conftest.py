"""Requests for certificates, as the tests of issuance make them."""

from __future__ import annotations

from tests.ca.issuance.conftest import ask

__all__ = ["ask"]
