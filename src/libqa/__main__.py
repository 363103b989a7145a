"""``python -m libqa`` is the command ``libqa``."""

from libqa.cli import main

main()
