"""The networks of each family as they are exported: rows of tracing.Row, by name of their file."""
