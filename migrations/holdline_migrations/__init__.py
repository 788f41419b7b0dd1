"""Holdline's own migrations and rules: one file each, listed in `registry`."""
