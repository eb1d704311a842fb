"""The pages at which invited people arrive: ``/invitations/`` and ``/activate``.

Everybody may open them, and programs do; only the button of a form changes anything. They are
served by the public listener alone, where the session lives that they open.
"""
