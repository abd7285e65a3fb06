"""Learning from labelled texts: reading them, spoiling sound ones on purpose, fitting, measuring."""
