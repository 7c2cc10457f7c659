"""Pages of the console that belong to no single model."""
