"""Geomagnetic records: day files of any format, catalogues, windows before earthquakes."""
