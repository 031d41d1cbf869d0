"""What must be true of the whole log. Each module folds its part and names what breaks it."""
