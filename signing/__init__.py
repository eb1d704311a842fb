"""Documents, time-stamps and passes. This room is reserved for them; nothing is in it yet."""
