"""The first tables, a module for each package that has them; revision 0001 makes them all."""
