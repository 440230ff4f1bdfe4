"""Everything a facility owns as open files, checked by anybody, and taken in again by an empty installation."""

from ops_app.facility_export.loading import NotEmpty, load
from ops_app.facility_export.verifying import Damaged, verify
from ops_app.facility_export.writing import UnknownOrganization, write

__all__ = ["Damaged", "NotEmpty", "UnknownOrganization", "load", "verify", "write"]
