"""Mininet's own tests, run with our classes in the place of Mininet's."""
