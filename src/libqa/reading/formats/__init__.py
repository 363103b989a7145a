"""One module a file format: bytes into text with marks. All run in the reading process of ``libqa.reading.sandbox``."""
