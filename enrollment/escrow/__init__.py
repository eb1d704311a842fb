"""Escrow of mail-encryption keys: kept encrypted, recovered by two officers, the holder told.

Who loses the key for decrypting mail loses the mail. So the holder may leave an encrypted copy of
that one key with us (CP 4.12.1), never of a key that signs or authenticates: the table says so too.

1. **Deposit.** The browser encrypts the private key to the escrow key (:mod:`hsm.enveloped_data`)
   and sends it with the consent. What can be checked is checked: the form, the addressee, and that
   the certificate may be escrowed. What cannot: whether the message really holds the key that
   belongs to the request, for only the token could open it, and it is not asked for that.
2. **Recovery.** An officer proposes it with a reason, another decides; that they are two persons is
   a constraint. The officer who proposed gets a PKCS #12 file, the one who approved its password,
   each for a few days: neither has both, and the holder's two ways of receiving them stay apart.
   Only now does the token help to open the message, and the key is compared with the certificate.
3. **Told.** The holder sees every recovery, by whom and why, and is sent a mail each time.
4. **Retention.** The copy is erased when the holder withdraws the consent, when no certificate came
   of it, or years after the certificate's end.

For the pages: ``Escrow.deposit`` (``services.registration.subscriber_keys.escrow``) with what
:func:`enrollment.key_creation.reading.read_key` returned, before the application is submitted.
Begin with ``models.py``, then ``escrow.py`` and ``recoveries.py``.
"""
