"""What verifiers of our passes fetch, signed: statuses, hashes of revoked ones, and signers.

Everybody may fetch it; it names no person. A list is signed when it changed, or when its period is
over (:mod:`.kept`), by the document signer of health certificates (:mod:`.seal`).

Begin with :mod:`signing.passes.publishing.routes`; how a status list is made stands in
:mod:`signing.passes.publishing.status_lists`.
"""
