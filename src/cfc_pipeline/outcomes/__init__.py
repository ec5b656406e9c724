"""Scores -> estimates."""
