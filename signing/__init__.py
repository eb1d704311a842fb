"""Documents, time-stamps, passes, and the keys that sign for people. Begin with the room you need.

:mod:`signing.credentials` keeps remote signing keys; :mod:`signing.timestamps` is the time-stamping
authority; :mod:`signing.documents` stamps documents and judges signed ones.
"""
