"""One chain of Alembic revisions for the whole catalog."""
