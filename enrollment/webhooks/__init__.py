"""Webhooks: an institution's program is told what happened to its certificates and batches.

The transparency log is the outbox: each act writes its entry in its own transaction, and a job
follows the log and puts down what is to be told to whom. Another job sends it, signed, until it is
taken or the tries are used up. A message holds ids alone; what they stand for is asked at the API.

Begin with :mod:`enrollment.webhooks.webhook`, then :mod:`enrollment.webhooks.following` and
:mod:`enrollment.webhooks.sending`.
"""
