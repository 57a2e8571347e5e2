"""Train models: from a store and a split to a bundle. Only this package imports Lightning."""
