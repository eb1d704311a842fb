"""What circulations ask of a role; camtrust/roles.toml says who holds it."""

from __future__ import annotations

from core.access import Permission

# Programs and people: send a document round.
CIRCULATE = Permission("approval:circulate")
# People: see, sign, refuse and acknowledge what reaches them; name a deputy.
TAKE_PART = Permission("approval:take-part")
