"""From corpus to batches: build a store once, serve it from memory."""
