"""HTTP for every service: one application shape, one way to refuse, one way to know who asks."""
