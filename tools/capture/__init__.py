"""Seeded generator of telescope traffic: what tools/mkcapture runs."""
