"""The domain under which everything is ordered: RFC 2606's, which nobody's certificates name."""

DOMAIN = "bench.example.com"
