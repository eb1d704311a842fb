"""Mass revocation over the API: one officer proposes, another approves, the scheduler works.

The rules stand in :mod:`ca.revocation.mass`; here officers prove who they are.
"""
