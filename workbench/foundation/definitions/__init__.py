"""What people write down in files: reading it, and telling them everything that is wrong with it, line by line."""

from workbench.foundation.definitions.complaints import Complaint, complaints, listed, meant, validated
from workbench.foundation.definitions.document import Definition, read, read_text
from workbench.foundation.definitions.spot import Place

__all__ = ["Complaint", "Definition", "Place", "complaints", "listed", "meant", "read", "read_text", "validated"]
