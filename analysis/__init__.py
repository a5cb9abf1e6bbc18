"""Short studies: load a run, call the library, print a table, a figure and a verdict."""
