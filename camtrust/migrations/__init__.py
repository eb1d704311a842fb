"""The database's schema, version by version; :mod:`camtrust.schema` applies them."""
