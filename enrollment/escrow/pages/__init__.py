"""The pages of escrow: ``/office/escrow`` for officers, ``/my/escrow`` for holders.

They do what the API does, with the same classes beneath. Begin with ``routes.py``; the Khmer stands
in ``locale/km.po``.
"""
