"""What integrators subscribe to: signed webhooks of alerts that were raised and are over."""
