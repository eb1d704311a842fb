"""How a listed person comes to an account: an invitation by mail, or a slip from an officer.

Both carry a link with 256 random bits, of which the tables keep the hash alone. Opening it changes
nothing: programs open links to preview them. The button on its page spends it, once, and signs the
person in. A slip carries a number and eight digits besides, for whoever cannot scan.

Begin with :mod:`enrollment.invitations.inviting`, then :mod:`enrollment.invitations.opening`.
"""
