"""Connections that the service opens to addresses which strangers chose.

A name is resolved once, its addresses are checked, and the connection goes to one of those that
were checked; everything ends with one deadline. Begin with :mod:`core.outgoing.connection`;
:mod:`core.outgoing.deliveries` has what waits in a table told again and again until it is taken.
"""
