"""The media types of OCSP over HTTP: RFC 6960, Appendix C."""

from __future__ import annotations

REQUEST_TYPE = "application/ocsp-request"
RESPONSE_TYPE = "application/ocsp-response"
