"""Keys that a token holds and no record names.

A process that dies between making a key and recording it leaves one. Nothing can use it, since a
key is used by its record; whoever runs the interrupted work again has it erased.
"""

from __future__ import annotations

from collections.abc import Callable

from pkcs11 import Attribute, ObjectClass

from hsm.sessions import Worker


def erase_unrecorded_keys(
    worker: Worker, *, label: str, is_recorded: Callable[[bytes], bool]
) -> int:
    """Erase both halves of keys with this label whose CKA_ID has no record; return how many.

    A half that did not come so far as to have its CKA_ID is erased as well.
    """
    erased = 0
    for object_class in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        # A list, because an unfinished search blocks its session.
        named = {Attribute.CLASS: object_class, Attribute.LABEL: label}
        for half in list(worker.session.get_objects(named)):
            if not is_recorded(bytes(half[Attribute.ID] or b"")):
                half.destroy()
                erased += object_class is ObjectClass.PRIVATE_KEY
    return erased
