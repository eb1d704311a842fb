"""The officers' pages about API clients: register, approve, rotate keys, suspend, close."""
