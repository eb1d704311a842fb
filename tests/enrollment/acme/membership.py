"""Clients with an account, what they ask for, and what they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.grants.grant import Grant
from tests.enrollment.acme.client import AcmeClient, b64
from tests.enrollment.world import World


def kind(answer: Any) -> str:
    """The ACME type of a refusal, without its prefix."""
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert answer.headers["Replay-Nonce"]
    told: str = answer.get_json(force=True)["type"]
    return told.removeprefix("urn:ietf:params:acme:error:")


def csr_der(*names: str, key: Any = None) -> str:
    """A request for names, in base64url."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = builder.add_extension(alternative, critical=False)
    made = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), SHA256())
    return b64(made.public_bytes(Encoding.DER))


def new_client(world: World) -> AcmeClient:
    """A client without an account."""
    app = create_app(world.parts(), Listener.PUBLIC)
    return AcmeClient(app.test_client(), world.public_url)


def secret(world: World, grant: Grant) -> bytes:
    return world.grant_secrets.secret_of(grant.id, "acme-eab")


def member_of(world: World, grant: Grant) -> AcmeClient:
    """A client with an account of a grant."""
    client = new_client(world)
    answer = client.register(grant.id, secret(world, grant))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return client


def twin_of(world: World, client: AcmeClient) -> AcmeClient:
    """The same account with a connection of its own."""
    twin = new_client(world)
    twin.key, twin.account = client.key, client.account
    return twin


def issue(client: AcmeClient, *names: str, **order: Any) -> tuple[Any, x509.Certificate]:
    """Order and get a certificate for names that need no challenge."""
    taken = client.order(*names, **order)
    assert taken.get_json()["status"] == "ready", taken.get_json()
    done = client.post(taken.get_json()["finalize"], {"csr": csr_der(*names)})
    assert done.get_json()["status"] == "valid", done.get_json()
    return taken, fetch(client, done.get_json()["certificate"])


def fetch(client: AcmeClient, url: str) -> x509.Certificate:
    return x509.load_pem_x509_certificates(client.post(url, None).data)[0]


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of these at the same time; return their answers in the same order."""
    together = threading.Barrier(len(acts), timeout=30)

    def run(act: Callable[[], Any]) -> Any:
        together.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [done.result(60) for done in [threads.submit(run, act) for act in acts]]
