"""Keys by which the service itself signs: time-stamps and passes, not documents of people.

Each is made in its token, certified under the holder's name before its predecessor's use ends, and
destroyed once its own use has ended. Of the certificates that may sign, the one that ends first
does: who knows a signer by its certificate has that long to learn of the next.

Begin with :mod:`signing.service_keys.definition`, then :mod:`signing.service_keys.renewal`.
"""
