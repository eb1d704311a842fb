"""What enrolment costs the server, beside other people's servers, asked by the same client.

Begin with :mod:`bench.enrollment.comparison`. Each protocol adds its rows to it.
"""
