"""Arrays in, arrays out: leads, rates, filters, quality, heartbeats, windows. Knows no file and no network."""
