"""Time-stamp queries as other people's encoders make them, and answers as they read them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import new
from typing import Any

from asn1crypto import algos, cms, core, tsp

DATA = b"a letter of the ministry"


class TimeStampResp(core.Sequence):  # type: ignore[misc]
    """RFC 3161, Section 2.4.2; asn1crypto's own wants a token in refusals too."""

    _fields = [  # noqa: RUF012 - asn1crypto completes the list
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def query(hash_algorithm: str = "sha256", digest: bytes | None = None, **fields: Any) -> bytes:
    """A TimeStampReq for :data:`DATA`, encoded by asn1crypto."""
    algorithm = algos.DigestAlgorithm({"algorithm": hash_algorithm})
    imprint = {
        "hash_algorithm": algorithm,
        "hashed_message": new(hash_algorithm, DATA).digest() if digest is None else digest,
    }
    given = {"version": "v1", "message_imprint": imprint} | fields
    encoded: bytes = tsp.TimeStampReq(given).dump()
    return encoded


@dataclass
class Reply:
    """A TimeStampResp, strictly decoded by asn1crypto."""

    response: TimeStampResp

    @property
    def status(self) -> str:
        return str(self.response["status"]["status"].native)

    @property
    def failures(self) -> set[str]:
        return set(self.response["status"]["fail_info"].native or ())

    @property
    def words(self) -> str:
        return " ".join(self.response["status"]["status_string"].native)

    @property
    def signed_data(self) -> cms.SignedData:
        return self.response["time_stamp_token"]["content"]

    @property
    def tst_info(self) -> tsp.TSTInfo:
        return self.signed_data["encap_content_info"]["content"].parsed

    @property
    def attributes(self) -> dict[str, Any]:
        [signer] = self.signed_data["signer_infos"]
        return {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}

    @property
    def certificates(self) -> list[bytes]:
        return [one.dump() for one in self.signed_data["certificates"] or ()]


def read(response_der: bytes) -> Reply:
    """Decode a response. Raises ValueError for what is no DER."""
    return Reply(TimeStampResp.load(response_der, strict=True))
