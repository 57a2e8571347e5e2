"""Predictions in, tables with intervals out: numpy, no torch, no corpus."""
