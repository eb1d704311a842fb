"""The registration authority: who applies, who decides, and what was decided.

An application is a verified certification request (RFC 2986) with facts about its subject. It
is decided under the two-officer rule, which stands in the tables themselves
(:mod:`enrollment.models`), and then issued through ``ca.issuance``. RFC 3647, Section 4.4.

Begin with :mod:`enrollment.applications`, then :mod:`enrollment.decisions` and
:mod:`enrollment.sign_in`.
"""
