"""The page at which somebody sends a document round."""
