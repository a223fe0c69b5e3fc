"""Calls that are made up: what callers sound like, and what Parley would do with them."""
