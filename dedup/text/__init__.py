"""Text as tokens, words, shingles and lines."""
