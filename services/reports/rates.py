"""How often people report."""

from services.operations.limits import Limit

REPORT_USER = Limit("report_user", 20, 30)
