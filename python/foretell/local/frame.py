"""What a plan says of rows that are a frame of Spark's."""

from __future__ import annotations

FRAME = "spark"
"""Its format: the frame can be made again, but not cut as it was."""
