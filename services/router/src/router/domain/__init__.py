"""What the router of a pool knows and decides: pure, deterministic, folded from the log."""
