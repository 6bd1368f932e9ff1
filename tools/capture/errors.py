"""The one kind of error that a user can make."""


class UsageError(Exception):
    """Wrong usage or unusable input; the text is what to print."""
