"""Step-up: officers confirm each decision as they make it.

A route of an officer's decision carries ``@steps_up`` (:mod:`core.web.step_up`), and needs nothing
else. How a decision is confirmed, the settings say: ``by = "passkey"`` asks for a signature by a
passkey over this very act; ``by = "certificate"`` for a TLS handshake a moment ago. Begin with
:mod:`enrollment.step_up.step_up`.
"""
