"""From files to documents."""

from libqa.reading.corpus import bundled_corpus, read_corpus
from libqa.reading.files import read_file

__all__ = ["bundled_corpus", "read_corpus", "read_file"]
