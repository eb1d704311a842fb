"""A home that signs, a time-stamping authority run by openssl, and who judges the results."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.wiring import Services
from hsm.keys import KeyAlgorithm, KeyState
from hsm.private_keys import as_private_key, hash_for
from signing.documents.detached import FileSigning
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.path_signing import PathSigning
from signing.documents.ports import TimestampSource
from signing.documents.settings import DocumentSettings
from signing.documents.signing import DocumentSigning
from signing.documents.stamped import StampedSigning
from signing.documents.token_signers import TokenSigner

TSA_CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 2.999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def run(*command: str | Path, expect: int | None = 0, stdin: bytes | None = None) -> str:
    done = subprocess.run(
        [str(one) for one in command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    said = done.stdout.decode(errors="replace")
    assert expect is None or done.returncode == expect, said
    return said


@dataclass
class OpensslAuthority:
    """A time-stamping authority: `openssl ts -reply`, with a unit that our authority certified."""

    folder: Path

    def answer(self, query: bytes) -> bytes:
        asked, answer = self.folder / "query.tsq", self.folder / "answer.tsr"
        asked.write_bytes(query)
        run(
            *("openssl", "ts", "-reply", "-queryfile", asked, "-config", self.folder / "tsa.cnf"),
            *("-inkey", self.folder / "tsa.key", "-signer", self.folder / "tsa.pem"),
            *("-chain", self.folder / "chain.pem", "-out", answer),
        )
        return answer.read_bytes()


@dataclass
class World:
    """A home with what signs in it."""

    services: Services
    folder: Path
    openssl: OpensslAuthority

    @property
    def timestamps(self) -> TimestampSource:
        return self.services.documents.timestamps

    def engine(self, **settings: object) -> DocumentSigning:
        return DocumentSigning(
            timestamps=self.timestamps,
            statuses=self.services.documents.statuses,
            settings=DocumentSettings.model_validate(settings),
            clock=self.services.clock,
        )

    def files(self) -> FileSigning:
        engine = self.engine()
        return FileSigning(
            timestamps=engine.timestamps,
            evidence=engine.evidence,
            settings=engine.settings,
            clock=engine.clock,
        )

    def paths(self) -> PathSigning:
        return PathSigning(documents=self.engine(), stamped=self.stamped(), files=self.files())

    def stamped(self) -> StampedSigning:
        verification = self.services.verification
        return StampedSigning(
            signing=self.engine(),
            stamping=self.services.stamping,
            stamps=verification.stamps,
            addresses=verification.addresses,
            offices=verification.offices,
        )

    @property
    def seal(self) -> TokenSigner:
        return self.services.documents.signers.signer("seal")

    def sign(self, pdf: bytes, signer: TokenSigner | None = None, **options: object) -> bytes:
        target = io.BytesIO()
        wishes = SigningOptions(**{"level": Level.B_LT, **options})  # type: ignore[arg-type]
        self.engine().sign(io.BytesIO(pdf), target, signer or self.seal, wishes)
        return target.getvalue()

    def signer(
        self,
        name: str,
        *,
        algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
        institution: str | None = None,
        **facts: str,
    ) -> TokenSigner:
        """Make one more seal, of its own institution."""
        keys = self.services.keys
        record = keys.generate(token="seals", label=name, algorithm=algorithm)
        keys.change_state(record.key_id, KeyState.ACTIVE, reason="a test")
        key = as_private_key(keys.signing_key(record.key_id))
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        csr = builder.sign(key, hash_for(algorithm))
        identifier = f"NTRKH-{record.key_id.hex()[:12].upper()}"
        self.services.issuance.issue(
            CertificateRequest(
                profile="organization-seal",
                csr=verify_csr(csr.public_bytes(Encoding.DER)),
                holder=f"organization:{identifier}",
                institution=institution,
                facts={
                    "organization_name": "Test Office",
                    "organization_identifier": identifier,
                    "common_name": f"Test Office {name}",
                    **facts,
                },
            )
        )
        return self.services.documents.signers.signer(name)

    @property
    def root(self) -> x509.Certificate:
        return self.services.authorities.authority("root-1").certificate


def make_world(services: Services, folder: Path) -> World:
    (folder / "tsa.cnf").write_text(TSA_CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01")
    run(
        *("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr"),
        *("-subj", "/CN=Test unit"),
    )
    issued = _issue_unit(services, (folder / "tsa.csr").read_bytes())
    certificate = x509.load_der_x509_certificate(issued)
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    chain = services.authorities.chain("programs-1")
    (folder / "chain.pem").write_bytes(
        b"".join(one.public_bytes(Encoding.PEM) for one in chain[:1])
    )
    root = services.authorities.authority("root-1").certificate
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    return World(services, folder, OpensslAuthority(folder))


def _issue_unit(services: Services, csr: bytes) -> bytes:
    facts: Mapping[str, str] = {"organization_name": "Test Office", "common_name": "Test TSU"}
    issued = services.issuance.issue(
        CertificateRequest(
            profile="time-stamping", csr=verify_csr(csr), holder="unit:test", facts=facts
        )
    )
    return issued.certificate_der
