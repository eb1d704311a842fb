"""Whose signatures count: signers and authorities, and the files that name them.

Lists come in the forms of the EU's gateway, of GDHCN (DID documents), of JWK sets and the VCI
directory, and as certificates and CRLs. Whoever gives a file vouches for it: a list's own proof is
not looked at here.
"""
