"""Which documents are one article, and which of them is kept."""
