"""Routing between and inside autonomous systems: business, computation, configuration, pictures."""
