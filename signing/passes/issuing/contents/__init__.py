"""What each code says, built from a record; held against the schemas by which it is verified."""
