"""Worked solutions for instructors, one file a unit, under the names of the stubs."""
