"""Parity: every mode gives the same prediction for the same row and version, and the reports that say so.

    report = foretell.check("EventTopics@3", rows="events/*.parquet")
    comparison = foretell.compare("EventTopics@2", "EventTopics@3")

Reading order: ``modes.py`` (the list of modes), ``subject.py`` (what they call), ``checking.py`` (the check),
``report.py`` (what it says), ``gate.py`` (what a promotion asks of it); ``comparing.py``, ``changes.py`` (how an
output changed), ``page.py`` (in HTML).
"""

from foretell.parity.changes import Change
from foretell.parity.checking import check
from foretell.parity.comparing import ChangedRow, VersionComparison, compare
from foretell.parity.report import CheckReport, ModeResult

__all__ = ["Change", "ChangedRow", "CheckReport", "ModeResult", "VersionComparison", "check", "compare"]
