"""Numbered SQL files, each applied once, in order, in a transaction with its version."""
