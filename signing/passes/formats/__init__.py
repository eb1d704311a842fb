"""The formats: each module opens codes of its own and says what they hold, in the same terms.

:mod:`.recognition` tells them apart; :mod:`.opened` has the terms. Opening checks form, never
trust: nothing of an opened pass may be believed before the verifier has found its signer.
"""
