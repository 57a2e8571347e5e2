"""From a bundle to the formats that other runtimes read."""
