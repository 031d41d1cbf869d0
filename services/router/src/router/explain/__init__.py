"""Explaining: a process beside the leader, which reads the log again and decides nothing."""
