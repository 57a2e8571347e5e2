"""Predict on live signals."""
