"""Interpret one recording: all questions that it allows, and a summary in words."""
