"""The pure part of reports: facts of entries, indicators, registers, export formats; no I/O."""
