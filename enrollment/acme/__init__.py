"""Machines enrol by ACME (RFC 8555): orders, challenges, certificates."""
