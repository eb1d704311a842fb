"""Mail that is sent once what it speaks of is committed: a transactional outbox.

``Outbox.put`` writes a row inside the caller's transaction, so that no mail speaks of what was
rolled back and none is forgotten; a job of the scheduler sends it (:mod:`core.mail.sending`). Each
mail is plain text, in Khmer and below it in English, without anything that tells whether it was
read, and leads nowhere but to our own address.

Begin with :mod:`core.mail.mail`, then :mod:`core.mail.outbox` and :mod:`core.mail.sending`.
"""
