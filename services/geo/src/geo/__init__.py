"""Where the caller is."""
