"""Folds of the log beside the live tables: rebuilds, and tables as of an earlier moment."""
