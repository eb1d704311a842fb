"""Other people's programs, measured beside ours in environments of their own."""
