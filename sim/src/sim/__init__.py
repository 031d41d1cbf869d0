"""Callers and agents who behave like real ones, through the public APIs only."""
