"""Thousands of documents in one order: put up one by one, signed by themselves, fetched one by one.

A batch is opened, its documents are put up under their numbers, and it is closed; from then on
workers sign. A worker may be killed at any moment: each document says how far it is, its result
appears whole under its name or not at all, and what was signed is found signed.

Begin with :mod:`signing.documents.batches.batch`, then :mod:`signing.documents.batches.working`.
"""
