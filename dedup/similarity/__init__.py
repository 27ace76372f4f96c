"""How alike two documents are: equal, by signature, by shingles, by passages."""
