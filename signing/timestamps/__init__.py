"""The time-stamping authority: RFC 3161, with the certificate identifiers of RFC 5816.

Begin with :class:`signing.timestamps.authority.TimestampAuthority`: octets in, octets out for
the HTTP routes, and a digest in, a token out for whoever stamps inside this process. A token
takes these steps:

1. Read the request, strictly (:mod:`signing.timestamps.request`).
2. Refuse what the policy does not allow; each refusal has its PKIFailureInfo
   (:mod:`signing.timestamps.failures`).
3. Find the unit that signs: a key in a token and its certificate, both in use today
   (:mod:`signing.timestamps.units`; :mod:`signing.service_keys` renews them).
4. Take the time, from a clock that is trusted (:mod:`signing.timestamps.time_source`), and a
   serial number that nobody else has (:mod:`signing.timestamps.serial_numbers`).
5. Encode, sign once, and answer (:mod:`signing.timestamps.token`).
"""
