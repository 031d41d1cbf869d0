"""The rules of a call: facts in, facts out."""
