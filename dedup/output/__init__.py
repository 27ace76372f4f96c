"""Results as files: tables, cleaned articles, and how the inputs were read."""
