"""Holdline's engine and command line: find a forbidden pattern, rewrite it safely, keep it out."""

__version__ = "0.1.0"
