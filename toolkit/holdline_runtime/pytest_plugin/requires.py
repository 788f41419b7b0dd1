"""Tests that need a service."""
