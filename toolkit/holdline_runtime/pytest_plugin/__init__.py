"""Holdline's pytest plugin; pytest loads `plugin`, by its entry point."""
