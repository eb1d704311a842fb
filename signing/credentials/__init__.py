"""Remote signing keys of natural persons, and seal keys of organizations ("credentials").

A credential (the word of the Cloud Signature Consortium) is a key pair with its certificate. The
private key is made in the HSM and leaves it wrapped; the wrapped key is sealed once more under the
signer's PIN and a secret key of the HSM; and for each authorized signature it is unwrapped in the
HSM as a session object, used, and destroyed (ADR 0050). So the database, the HSM or both together
do not sign: the signer has to want it.

A signature takes two steps, which may be minutes apart:

1. :meth:`~signing.credentials.activations.Activations.authorize`: the signer's second factor and
   PIN open the key for an exact list of hashes. The answer is the signature activation data (SAD).
2. :meth:`~signing.credentials.signatures.Signatures.sign`: whoever holds the SAD gets each of these
   hashes signed, once.

What other rooms need: :mod:`signing.credentials.contents` holds together what was authorized and
what is signed; :class:`~signing.credentials.second_factor.SecondFactor` is the port that
``camtrust/`` connects to passkeys and to authenticated programs. Standards: EN 419 241-1 (sole
control, SCAL2), ETSI TS 119 431-1, RFC 9106 (Argon2), RFC 5649 (AES-KWP).

Begin with :mod:`signing.credentials.sealing`.
"""
