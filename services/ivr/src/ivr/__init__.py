"""The front door: flows, self-service, every leg of a call."""
