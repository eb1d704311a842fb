"""Stamp templates that an institution keeps under a name, version by version."""
