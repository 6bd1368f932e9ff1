"""What can go wrong, in words."""


class UsageError(Exception):
    """Wrong usage or unusable input; the text is what to print."""


class ScenarioError(Exception):
    """The packets do not show what a scenario promises: a fault in its tables."""
