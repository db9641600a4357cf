"""What scripts call: the reading and writing API in the shapes Sentry's tools know, below /api/0/."""
