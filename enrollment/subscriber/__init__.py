"""A person's own way to certificates, ``/my/``: from the list to up to four certificates.

Four steps: sign in; confirm what the institution's list says; choose certificates and make a key
for each; see who decides until when, and collect. One submission is one bundle and one
transaction. Begin with ``bundle.py`` for what is stored, ``drafts.py`` for how it comes to be, and
``routes.py`` for the pages. The rules stand in ``policy.toml``.
"""
