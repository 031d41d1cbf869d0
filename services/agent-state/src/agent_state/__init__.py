"""Presence, offers settled, talk and wrap-up of every agent."""
