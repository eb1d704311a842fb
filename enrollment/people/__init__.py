"""Natural persons: who they are, how they are identified, and where they serve.

A person has an internal id, and typed identifiers with the time for which they hold. A name in one
script is enough, and a single name is a name. Begin with :mod:`enrollment.people.people`.
"""
