"""The measures, defined once: what each is called, what it is made of, who says so."""
