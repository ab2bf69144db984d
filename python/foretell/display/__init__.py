"""How things look in a notebook: tables in HTML, and the topics of a model."""

from __future__ import annotations

from foretell.display.tables import Table, fields_html, table_html, table_text
from foretell.display.topic_table import Topic, Topics, topics

__all__ = ["Table", "Topic", "Topics", "fields_html", "table_html", "table_text", "topics"]
