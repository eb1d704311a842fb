"""Batches: up to 10,000 applications in one upload, checked row by row and decided at once.

A program uploads JSON lines. A job checks each row as a single application would be; what passes
waits for officers, who decide it as a whole under the rule of two officers, or one by one. The job
then applies, decides and issues row by row. It may be killed at any moment: each row says how far
it is, and each act has its name.

Begin with :mod:`enrollment.batches.batch`, then :mod:`enrollment.batches.working`.
"""
