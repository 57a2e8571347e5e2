"""Serve interpretations to a browser and to other programs: a web page and an HTTP API on this machine."""
