"""The token that linting hands to the signer: without one, nothing is signed."""

from __future__ import annotations

from ca.linting.findings import AlreadyRedeemed, OtherAuthority
from ca.plan import CertificatePlan


class LintedCertificate:
    """Bytes that passed every lint, for one signature by one authority.

    Only :class:`ca.linting.Linter` makes them.
    """

    __slots__ = ("_plan", "_tbs_der", "_unspent")

    def __init__(self, *, plan: CertificatePlan, tbs_der: bytes, seal: object) -> None:
        if seal is not SEAL:
            raise TypeError("only the Linter makes a LintedCertificate")
        self._plan = plan
        self._tbs_der = tbs_der
        self._unspent = [True]

    @property
    def plan(self) -> CertificatePlan:
        """The plan that was linted."""
        return self._plan

    @property
    def authority(self) -> str:
        """The one authority that may sign."""
        return self._plan.authority

    @property
    def tbs_der(self) -> bytes:
        """The bytes that were linted, to be looked at; to sign them, redeem."""
        return self._tbs_der

    def redeem(self, authority: str) -> bytes:
        """Return the bytes to sign, once. Raises OtherAuthority or AlreadyRedeemed."""
        if authority != self.authority:
            raise OtherAuthority(
                f"The lint was made for {self.authority}, not for {authority}.",
                authority=self.authority,
            )
        try:
            self._unspent.pop()  # One step, so that of two threads only one gets it.
        except IndexError:
            raise AlreadyRedeemed("The lint was redeemed before; lint again.") from None
        return self._tbs_der


SEAL = object()
