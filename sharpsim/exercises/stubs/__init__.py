"""The tasks of the course, one file a unit: signatures with docstrings, to be completed by the student."""
