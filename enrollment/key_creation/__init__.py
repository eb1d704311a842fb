"""Where a subscriber's key lives, and how it comes to be in the browser.

Four homes (``policy.toml`` says which a kind of certificate may have):

- ``own-request``: the key is made elsewhere, on a token or by a program, and its PKCS #10 request
  is pasted or uploaded. Needs no script.
- ``file``: WebCrypto makes it, it lies in the browser under a password until the certificate is
  there, and then both go into a PKCS #12 file. The password never leaves the browser. On a shared
  computer nothing is kept there: the key goes into a key file (an encrypted PKCS #8) at once, which
  is opened again when the certificate is collected.
- ``browser``: WebCrypto makes it non-extractable; it works on our pages, in this browser, alone.
- ``state-hsm``: the state's HSM makes it and keeps it, sealed under a PIN of the holder, who signs
  with it by PIN and passkey. Needs no script. The port to whoever keeps such keys is
  :class:`~enrollment.key_creation.offers.RemoteKeys`.

How a page uses it. In the view, with ``services.registration.subscriber_keys.offers``::

    offer = offers.offer("person-mail-signing", owner=principal.id, shared_computer=False)
    render_template(..., offer=offer)

In a form with ``enctype="multipart/form-data"`` (for uploads without a script)::

    {% from "key_creation/fields.html" import key_fields with context %}
    {{ key_fields(offer, name="key") }}

Several groups may stand in one form under several names. In the view that ``@takes_form``::

    chosen = read_key(request.form, request.files, offer, name="key")

which returns the :class:`~enrollment.key_creation.reading.ChosenKey` with a verified request, or
raises what its docstring says; to show the form again, ``key_fields(offer, mistake=error)``. If
``chosen.escrow`` is not None, give it to ``Escrow.deposit`` (:mod:`enrollment.escrow`) before the
application is submitted.

When the certificate is there, its page hands the PEM of the certificate and its issuers over::

    {% from "key_creation/collection.html" import key_collection with context %}
    {{ key_collection(chain_pem, key_id, principal.id, file_name="sok-dara-mail") }}

where ``key_id`` is the hex SHA-256 of the public key (``application.public_key_sha256.hex()``).

The macros bring the script with them (``page/keys.js``, built by ``deploy/install-page-assets``
from ``scripts/``) and the Content-Security-Policy that lets it run on this page alone. Without
script or WebCrypto they say what can be done instead. No field for a password has a name, so no
browser sends it; the PIN of a key in the HSM is sent, for there it is of use. Begin with
``policy.toml`` and ``scripts/fields.js``.
"""
