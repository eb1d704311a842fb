"""The constraint engine: what no profile and no officer can grant.

Each module holds one kind of rule; :mod:`ca.planning` applies them in order. Every refusal has
a problem of its own (:mod:`ca.constraints.refusals`) and says what to do about it.
"""
