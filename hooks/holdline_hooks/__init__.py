"""Hook entry points: what pre-commit runs."""
