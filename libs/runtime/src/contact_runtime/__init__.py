"""Kafka, SQL and FastAPI plumbing, the only code that knows them."""
