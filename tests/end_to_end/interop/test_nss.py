"""NSS judges chains: vfychain asks the responder and fetches the CRLs that certificates name.

NSS does not know the usage of a VDS-NC signer, so that is not shown to it; a seal is a signer to
it, since its certificate names emailProtection beside documentSigning. It takes no CRL with an
issuing distribution point: by CRL it judges what an anchor issued, since an anchor's CRL is about
all of that.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.interop.conftest import Nation, run

Require = Callable[[str], str]
# vfychain's numbers of usages.
SSL_CLIENT, EMAIL_SIGNER = 0, 4
CLIENTS = ["people-1", "devices-1", "programs-1", "camdx-1"]
# Without failIfNoInfo the chain passes when nobody answers. "leaf" is about the first
# certificate alone, "chain" about those above it.
LEAF_BY_OCSP = ("-g", "leaf", "-m", "ocsp", "-s", "failIfNoInfo")
LEAF_BY_CRL = ("-g", "leaf", "-m", "crl", "-s", "failIfNoInfo")
CHAIN_BY_OCSP = ("-g", "chain", "-m", "ocsp", "-s", "failIfNoInfo")
CHAIN_BY_CRL = ("-g", "chain", "-m", "crl", "-s", "failIfNoInfo")
EXPECTED = {"good": "Chain is good!", "revoked": "Peer's Certificate has been revoked"}


@pytest.fixture
def database(require: Require, nation: Nation, tmp_path: Path) -> str:
    """An NSS database that trusts the nation's anchors."""
    certutil, name = require("certutil"), f"sql:{tmp_path}"
    assert run(certutil, "-N", "-d", name, "--empty-password").returncode == 0
    for anchor in ("root-1", "health-1"):
        added = run(
            certutil, "-A", "-d", name, "-n", anchor, "-t", "CT,C,C",
            "-i", nation.folder / f"{anchor}.der",
        )  # fmt: skip
        assert added.returncode == 0, added.stdout
    return name


def vfychain(
    require: Require, database: str, usage: int, options: tuple[str, ...], *chain: Path
) -> str:
    command = (require("vfychain"), "-d", database, "-pp", "-v", "-u", usage, *options, *chain)
    return run(*command).stdout


@pytest.mark.parametrize("above", [CHAIN_BY_OCSP, CHAIN_BY_CRL], ids=["ocsp", "root-crl"])
@pytest.mark.parametrize("authority", CLIENTS)
def test_the_whole_chain_is_asked_about(
    require: Require, live: Nation, database: str, authority: str, above: tuple[str, ...]
) -> None:
    for name, expected in EXPECTED.items():
        said = vfychain(
            require, database, SSL_CLIENT, (*LEAF_BY_OCSP, *above),
            live.folder / f"{authority}-{name}.der", live.folder / f"{authority}.der",
        )  # fmt: skip
        assert expected in said, said


@pytest.mark.parametrize("above", [CHAIN_BY_OCSP, CHAIN_BY_CRL], ids=["ocsp", "root-crl"])
def test_a_seal_signs_documents_for_who_asks_whether_it_signs_mail(
    require: Require, live: Nation, database: str, above: tuple[str, ...]
) -> None:
    for name, expected in EXPECTED.items():
        said = vfychain(
            require, database, EMAIL_SIGNER, (*LEAF_BY_OCSP, *above),
            live.folder / f"organizations-1-{name}.der", live.folder / "organizations-1.der",
        )  # fmt: skip
        assert expected in said, said


def test_the_health_authority_s_crl_is_fetched_and_stops_the_revoked(
    require: Require, live: Nation, database: str
) -> None:
    for name, expected in EXPECTED.items():
        leaf = live.folder / f"health-1-{name}.der"
        said = vfychain(require, database, EMAIL_SIGNER, LEAF_BY_CRL, leaf)
        assert expected in said, said
