"""Signed webhooks (https://www.standardwebhooks.com): who subscribes, what waits, how it goes."""
