"""People -> pseudonyms. The last room that may see a name, an address or an exact time."""
