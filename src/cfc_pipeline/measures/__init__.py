"""Item answers -> scores, by the keys in schemas/instruments/."""
