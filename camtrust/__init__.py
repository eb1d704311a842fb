"""The roof: builds the services once, mounts them, and is the command line."""
