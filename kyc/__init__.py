"""Identity lookups for members of CamDX. This room is reserved for them; nothing is in it yet."""
