"""Fixtures every test may use. Servers and settings come from bin/test."""
