"""Texts that scripts of the Web UI's pages show, in the language of the request."""
