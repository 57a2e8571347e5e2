"""Live signals: what is certain of them, and answers as they come."""
