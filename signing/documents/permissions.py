"""What signing documents asks of a role; camtrust/roles.toml says who holds it."""

from __future__ import annotations

from core.access import Permission

# A program signs with the seal of its institution.
SEAL = Permission("document:seal")
# It keeps what its institution registered: shows, publishes, hides, withdraws.
KEEP_REGISTERED = Permission("document:keep-registered")
