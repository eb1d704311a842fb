"""The token endpoint of OAuth 2.0, and the metadata by which clients find it."""
