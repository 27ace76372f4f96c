"""What is boilerplate or repeated in a document: found, and taken out."""
