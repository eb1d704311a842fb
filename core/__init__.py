"""The ground that every other package stands on; it knows none of them.

Begin with :mod:`core.errors` (the few ways in which camtrust refuses), then
:mod:`core.database` (one transaction per public method) and
:mod:`core.transparency` (the append-only log that every act is written to).
What core needs from above it declares as a protocol, and camtrust/ wires it.
"""
