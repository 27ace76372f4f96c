"""Passages that two documents share, word for word or re-worded."""
