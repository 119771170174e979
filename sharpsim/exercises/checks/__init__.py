"""Instances and judges of the exercises, one file a unit."""
