"""``/signing/v1/programs``: officers say where a registered program may come back to."""
