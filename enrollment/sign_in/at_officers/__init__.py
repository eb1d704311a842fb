"""``/certificate-sign-in``: where a subscriber presents a certificate, at the officers' host."""
