"""``/csc/v2/oauth2/authorize``: where a signer sees what a program asks for, and decides."""
