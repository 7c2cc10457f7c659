"""What can go wrong with keys and ciphertexts; no message ever holds either."""

from django.core.exceptions import ImproperlyConfigured


class Undecipherable(Exception):
    """The ciphertext is damaged, of another context, or its key is not listed."""


class BadKey(ImproperlyConfigured):
    """A configured key cannot be used; stops the start."""


class KeysMissing(ImproperlyConfigured):
    """Encrypted rows exist but no key does; a new key would only hide the loss."""
