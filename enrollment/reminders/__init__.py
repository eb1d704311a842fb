"""Mails that come by themselves: a certificate ends soon, and applications wait for officers.

Begin with :mod:`enrollment.reminders.endings`, then :mod:`enrollment.reminders.digest`.
"""
