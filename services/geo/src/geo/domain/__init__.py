"""Where numbers are: prefixes in, places out."""
