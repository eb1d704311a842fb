"""What the registration authority asks of a role; camtrust/roles.toml says who holds it."""

from __future__ import annotations

from core.access import Permission

SUBMIT = Permission("application:submit")
READ = Permission("application:read")
READ_OWN = Permission("application:read-own")
DECIDE = Permission("application:decide")
REVOKE = Permission("certificate:revoke")
REVOKE_OWN = Permission("certificate:revoke-own")
REVOKE_MANY = Permission("certificate:revoke-many")
PROPOSE_GRANT = Permission("grant:propose")
READ_GRANTS = Permission("grant:read")
WITHDRAW_GRANT = Permission("grant:withdraw")
