"""The run: stages from documents to a result."""
