"""The command line. No arithmetic here."""
