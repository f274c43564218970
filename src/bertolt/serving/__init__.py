"""Models behind HTTP: the app, its scheduler, and the one process that computes."""
