"""Build the store of a corpus once, and serve batches of its windows."""
