"""What issuing passes asks of a role; camtrust/roles.toml says who holds it."""

from __future__ import annotations

from core.access import Permission

# A program of a health or civil authority issues passes.
ISSUE = Permission("pass:issue")
