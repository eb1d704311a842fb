"""The officers' pages of invitations, ``/office/invitations``: who is listed, who has an account.

An officer invites by mail, prints a slip for whoever stands at the desk, and withdraws both.
"""
