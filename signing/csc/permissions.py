"""What routes of remote signing ask for."""

from __future__ import annotations

from core.access import Permission
from signing.credentials.permissions import AUTHORIZE as _AUTHORIZE
from signing.credentials.permissions import SIGN as _SIGN

# Programs: keys of their organization, and hashes to be signed.
SIGN = _SIGN
# People: to authorize signatures with their own keys.
AUTHORIZE = _AUTHORIZE
# Officers: where registered programs come back to.
REGISTER_CLIENT = Permission("client:register")
READ_CLIENTS = Permission("client:read")
