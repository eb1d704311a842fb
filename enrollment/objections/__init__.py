""" "This is wrong": a person's word against a refusal, a mismatch or a suspension, and its answer.

Each goes to the office that is responsible, with a day until which it answers; what is late is
marked and stands first. Begin with ``objections.py``.
"""
