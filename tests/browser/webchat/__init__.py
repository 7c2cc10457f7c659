"""The chat page in a browser, over a gateway and the sandbox."""
