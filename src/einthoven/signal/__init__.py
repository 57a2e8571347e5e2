"""Process signals in arrays: leads, sampling rates, filters, quality, heartbeats, windows."""
