"""Other frameworks' interfaces to libqa; each is imported by itself, so that nobody pays for what is not used."""
