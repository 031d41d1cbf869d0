"""What clients agreed on, and what they are invoiced."""
