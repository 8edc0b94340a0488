"""The commands of ``./lab``, a module for each group of them."""
