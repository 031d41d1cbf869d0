"""One queue over all sites; who is offered what."""
