"""What the production-safety rules have in common."""
