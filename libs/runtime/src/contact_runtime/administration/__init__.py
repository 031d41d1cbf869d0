"""Documents that administrators order: rows with a history, and their HTTP API."""
