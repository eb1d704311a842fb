"""Passkeys (W3C Web Authentication, Level 3): registered, confirmed, used, removed.

A passkey belongs to a principal and to one relying party: the public host, where subscribers
sign in with it, or the officers' host, where officers confirm what they decide. Begin with
:mod:`enrollment.passkeys.assertions`: how one use of a passkey is judged.
"""
