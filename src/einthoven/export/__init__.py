"""Export models to formats that other runtimes read."""
