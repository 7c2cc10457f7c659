"""Web Chat: frames of its socket, and the turns they ask for."""
