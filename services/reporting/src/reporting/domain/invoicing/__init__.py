"""From what happened and what was agreed to the lines of an invoice; pure."""
