"""Load models and predict."""
