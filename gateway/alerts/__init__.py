"""What wants a person: found, told by webhook and mail, and told when it ends."""
