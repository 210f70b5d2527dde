"""What leaves the workbench for readers: reports."""
