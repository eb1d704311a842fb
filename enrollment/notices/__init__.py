"""Mails by which applicants hear what became of an application: nobody is dropped in silence.

The mail holds neither the officer's words nor anything of the application: those stand behind the
sign-in. Begin with :mod:`enrollment.notices.notices`.
"""
