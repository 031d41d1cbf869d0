"""Topics, events and the envelope that all services share."""
