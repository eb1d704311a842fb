"""InfoTypeAndValue: what may stand in generalInfo, and be asked by genm (RFC 9810, 5.3.19)."""

from __future__ import annotations

from typing import Final

_ID_IT: Final = "1.3.6.1.5.5.7.4"
UNSUPPORTED_OIDS: Final = f"{_ID_IT}.7"
IMPLICIT_CONFIRM: Final = f"{_ID_IT}.13"
CONFIRM_WAIT_TIME: Final = f"{_ID_IT}.14"
CA_CERTS: Final = f"{_ID_IT}.17"
ROOT_CA_KEY_UPDATE: Final = f"{_ID_IT}.18"
CERT_REQ_TEMPLATE: Final = f"{_ID_IT}.19"
ROOT_CA_CERT: Final = f"{_ID_IT}.20"
CERT_PROFILE: Final = f"{_ID_IT}.21"
