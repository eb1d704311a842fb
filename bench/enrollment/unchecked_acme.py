"""Camtrust's public listener with an ACME server that believes every challenge.

Everything else is as ``camtrust serve`` has it: the peers look at no challenge either, and what
a network does is not what is measured.
"""

from __future__ import annotations

from bench.enrollment.one_worker import serve_one_worker
from camtrust import protocols
from camtrust.serving.processes import public_app
from enrollment.acme.validation import Challenge, Validation


class _Believing(Validation):
    """Looks at nothing and asks nobody."""

    def validate(self, challenge: Challenge) -> None:
        """Believe it."""

    def check_caa(self, dns_name: str, *, method: str, account_uri: str, wildcard: bool) -> None:
        """Allow it."""


def unchecked_app() -> object:
    """Build the listener's app, in a worker process."""
    setattr(protocols, "Validation", _Believing)  # noqa: B010 - from outside, for this process
    return public_app()


if __name__ == "__main__":
    serve_one_worker("bench.enrollment.unchecked_acme:unchecked_app")
