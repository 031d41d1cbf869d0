"""The rules of agent-state: pure, no clock, no I/O."""
