"""A small shop: sign-in, payments and receipts, configured by the environment."""
