"""What runs inside the container, and examples for other ways to deploy."""
