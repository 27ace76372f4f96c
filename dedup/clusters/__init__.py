"""Clusters of documents that are one article, and the canonical document of each."""
