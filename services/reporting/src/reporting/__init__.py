"""Projections of the log: live boards, intervals, contact records."""
