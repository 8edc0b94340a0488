"""Networks of providers, running: what the pure modules of ``routing`` know, done to nodes, daemons and packets."""
