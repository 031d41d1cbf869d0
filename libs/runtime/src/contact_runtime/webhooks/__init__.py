"""Signed webhooks (https://www.standardwebhooks.com): what is waiting, when, to whom, how sent."""
