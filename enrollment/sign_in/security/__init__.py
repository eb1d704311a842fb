"""``/my/security``: a subscriber's passkeys, sessions and sign-ins, in their own hands."""
