"""Where ACME's resources are (RFC 8555, Section 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "/acme"


@dataclass(frozen=True)
class Addresses:
    """The URLs below the service's public URL."""

    public_url: str

    def at(self, path: str) -> str:
        """Return the URL of a path below ``/acme``."""
        return f"{self.public_url}{PREFIX}{path}"

    def account(self, account_id: str) -> str:
        """Return an account's URL, which is its ``kid``."""
        return self.at(f"/account/{account_id}")

    def order(self, order_id: str) -> str:
        """Return an order's URL."""
        return self.at(f"/order/{order_id}")

    def authorization(self, authorization_id: str) -> str:
        """Return an authorization's URL."""
        return self.at(f"/authorization/{authorization_id}")

    def challenge(self, challenge_id: str) -> str:
        """Return a challenge's URL."""
        return self.at(f"/challenge/{challenge_id}")

    def certificate(self, order_id: str) -> str:
        """Return the URL of the certificate that an order led to."""
        return self.at(f"/certificate/{order_id}")

    def account_in(self, kid: str) -> str | None:
        """Return the account id in a ``kid``, None when it is no account's URL of ours."""
        prefix = self.account("")
        return kid.removeprefix(prefix) if kid.startswith(prefix) else None
