"""A project to start from: ``foretell init`` writes it.

    write_project(Path("events"), "EventTopics")

``templates/`` holds its files as they are written, but for the predictor's name; ``events.py`` makes up its data.
"""

from foretell.starter.project import check_name, write_project

__all__ = ["check_name", "write_project"]
