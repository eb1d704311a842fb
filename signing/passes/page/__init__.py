"""The verifier in the browser: what it trusts, its page, and its scripts.

``scripts/`` holds the verifier of :mod:`signing.passes.verification` once more, in JavaScript,
module for module: it reads the same schemas, and a test compares both over thousands of damaged
passes. Begin with :mod:`.bundle`, then ``scripts/verification.js`` and ``scripts/main.js``.
"""
