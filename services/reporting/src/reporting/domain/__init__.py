"""The rules of reporting: what events mean for contacts, queues and agents. Pure."""
