"""Time-stamps from an authority over HTTP (RFC 3161, Section 3.4)."""

from __future__ import annotations

import http.client
import secrets
import urllib.error
import urllib.request
from typing import Any

from asn1crypto import tsp

from core.errors import Unavailable

_TIMEOUT_SECONDS = 10.0
# A token with a chain of RSA certificates takes some 6 kB.
_MOST_OCTETS = 64 * 1024
_NONCE_OCTETS = 8
_GRANTED = {"granted", "granted_with_mods"}


class AuthorityAway(Unavailable):
    """The authority named in the settings was not reached, or gave no time-stamp."""

    problem = "timestamp-authority-away"
    title = "The time-stamping authority gave no time-stamp"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The address is the settings' choice, and nobody else's."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


class HttpTimestamps:
    """A :class:`~signing.documents.ports.TimestampSource` at a URL of the settings."""

    def __init__(self, url: str) -> None:
        self._url = url

    def timestamp(self, digest: bytes, hash_name: str) -> bytes:
        """Return a TimeStampToken in DER. Raises AuthorityAway."""
        nonce = int.from_bytes(secrets.token_bytes(_NONCE_OCTETS), "big")
        asked = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": hash_name},
                    "hashed_message": digest,
                },
                "nonce": nonce,
                "cert_req": True,
            }
        )
        try:
            return _token_of(self._send(asked.dump()), nonce)
        except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
            raise AuthorityAway(f"{self._url} was not reached.") from error
        except (ValueError, TypeError, LookupError) as error:
            raise AuthorityAway(f"{self._url} gave no time-stamp for this request.") from error

    def _send(self, body: bytes) -> bytes:
        # The settings name http or https, and nothing else.
        request = urllib.request.Request(  # noqa: S310
            self._url, data=body, headers={"Content-Type": "application/timestamp-query"}
        )
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(_MOST_OCTETS)
        return data


def _token_of(der: bytes, nonce: int) -> bytes:
    answer = tsp.TimeStampResp.load(der, strict=True)
    if answer["status"]["status"].native not in _GRANTED:
        raise ValueError("not granted")
    token = answer["time_stamp_token"]
    if token["content"]["encap_content_info"]["content"].parsed["nonce"].native != nonce:
        raise ValueError("another request's answer")
    result: bytes = token.dump()
    return result
