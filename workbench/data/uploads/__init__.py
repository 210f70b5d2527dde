"""Files that people send: received in pieces, looked at, and made datasets of."""

from workbench.data.uploads.bodies import Part
from workbench.data.uploads.model import Preview, ReadAs, Upload, UploadState
from workbench.data.uploads.uploads import Uploads

__all__ = ["Part", "Preview", "ReadAs", "Upload", "UploadState", "Uploads"]
