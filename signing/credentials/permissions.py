"""What routes of signing keys ask for."""

from __future__ import annotations

from core.access import Permission

# Programs: seal keys of their organization.
SIGN = Permission("signature:request")
# People: to authorize signatures with their own keys, and to see to these.
AUTHORIZE = Permission("signature:authorize")
# Officers: open locked keys, and end those of people who left.
GOVERN = Permission("signing-key:govern")
