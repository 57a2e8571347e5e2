"""From a record to a prediction."""
