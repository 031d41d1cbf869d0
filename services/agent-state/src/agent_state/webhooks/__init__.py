"""What integrators subscribe to: signed webhooks of offers, talks, wrap-up and agents' states."""
