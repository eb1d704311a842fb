"""How many certificates a second: the whole path, its limit, and a peer. Begin in ``comparison``.

``comparison`` measures in interleaved rounds; ``issuing`` and ``bare_signing`` are its subjects;
``homes`` and ``stored`` make the homes that they work in.
"""
