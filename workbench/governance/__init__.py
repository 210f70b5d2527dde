"""Who may do what, who did what, and which run made which result."""
