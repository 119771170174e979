"""Samplers of tabular policies."""
