"""From a store and a split to a bundle. Lightning stays in here."""
