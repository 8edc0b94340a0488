"""The Internet from scratch: one file, one network, one lesson."""
