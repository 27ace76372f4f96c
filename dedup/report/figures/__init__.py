"""The numbers of all figures, and figures as files."""
