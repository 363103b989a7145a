"""Question sets, metrics that need no judge, and the runner behind ``libqa eval``."""
