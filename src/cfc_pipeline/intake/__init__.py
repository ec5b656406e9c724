"""Raw records -> checked canonical rows: recognise, map, check, quarantine, correct."""
