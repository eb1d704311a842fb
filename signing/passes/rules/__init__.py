"""What the content of each kind of pass has to look like: JSON Schemas and value sets, as data.

``*.schema.json`` use a small part of JSON Schema 2020-12 (:mod:`.schema` says which), so that a
verifier in a browser reads the same files with as little code. ``value-sets.json`` holds codes.
"""
