"""Key ceremonies: how an authority comes to be, is renewed, certified by others and ended.

A ceremony is held from a script (:mod:`ca.ceremony.script`) that m of n custodians have signed
(:mod:`ca.ceremony.custodians`). Its steps (:mod:`ca.ceremony.acts`) run one after another on a
stage: the real one (:mod:`ca.ceremony.performance`), or a rehearsal that signs and stores
nothing (:mod:`ca.ceremony.rehearsal`). Every finished step is stored and logged in the
transaction that gives it effect (:mod:`ca.ceremony.journal`), so that a ceremony that was
interrupted goes on where it stood. The result is a transcript and a folder with everything that
an auditor needs (:mod:`ca.ceremony.folder`), which :mod:`ca.ceremony.verification` checks again
without any part of the service. Begin with :class:`ca.ceremony.holding.Ceremonies`.
"""
