"""How to repeat a ceremony's checks with openssl alone, written for the folder at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ca.ceremony.custodians import Custodian
from ca.ceremony.evidence import certificates_in, crls_in, issuer_of, signer_of
from ca.ceremony.printing import grouped
from ca.ceremony.transcript import Transcript

_BEGINNING = """\
# Checking the ceremony {ceremony} without camtrust

Run these in this folder, on a machine of your own, with bash, coreutils and openssl 3.

## The files are those of the transcript

```bash
sha256sum --check --strict SHA256SUMS
sha256sum transcript.json
```

The second line has to be the hash that was signed on paper:

    {sha256}

Everything else is named by its hash in `transcript.json`; `transcript.txt` is the same for people.
"""
_LOG = """
## The transparency log

Each step's `log_index` is its entry in the log: `ceremony-step`, with the SHA-256 of the step's
record (canonical JSON of the step without `log_index`). `camtrust ca verify-transcript` repeats
all of the above and these hashes, offline.
"""


def instructions(transcript: Transcript, files: Mapping[str, bytes]) -> str:
    """Return the text of VERIFY.md; every command in it ends with exit code 0."""
    sections = [
        _BEGINNING.format(
            ceremony=transcript.document["ceremony"], sha256=grouped(transcript.sha256)
        ),
        _section("The custodians approved the script", _approvals(transcript)),
        _section("Each certificate is signed by its issuer", _certificates(files)),
        _section("Each CRL is signed by its authority (look for `verify OK`)", _crls(files)),
        _LOG,
    ]
    return "".join(one for one in sections if one)


def _section(title: str, commands: Iterator[str]) -> str:
    lines = list(commands)
    return "\n".join(["", f"## {title}", "", "```bash", *lines, "```", ""]) if lines else ""


def _approvals(transcript: Transcript) -> Iterator[str]:
    opening = transcript.document["steps"][0]["facts"]
    keys = {one["name"]: one["public_key"] for one in opening["custodians"]["enrolled"]}
    for name in opening["approved_by"]:
        custodian = Custodian(name=name, public_key=keys[name])
        key, signature = f"approvals/{name}.pem", f"approvals/{name}.sig"
        if custodian.digest is None:
            yield (
                f"openssl pkeyutl -verify -rawin -pubin -inkey {key} "
                f"-sigfile {signature} -in script.toml"
            )
        else:
            yield (
                f"openssl dgst -{custodian.digest} -verify {key} -signature {signature} script.toml"
            )


def _certificates(files: Mapping[str, bytes]) -> Iterator[str]:
    certificates = certificates_in(files)
    for path, certificate in certificates.items():
        issuer = issuer_of(certificate, certificates)
        if issuer is not None and path.startswith("certificates/"):
            # -no_check_time: the check shall succeed after the certificates' time, too.
            yield (
                "openssl verify -no_check_time -check_ss_sig -partial_chain "
                f"-trusted {issuer} {path}"
            )


def _crls(files: Mapping[str, bytes]) -> Iterator[str]:
    certificates = certificates_in(files)
    for path, crl in crls_in(files).items():
        signer = signer_of(crl, certificates)
        if signer is not None:
            yield (
                f"openssl crl -noout -inform DER -in {path} "
                f"-CAfile <(openssl x509 -inform DER -in {signer})"
            )
