"""Carried code: a class with everything of the project that it needs, in a version and back out of it.

carried = carry(EventTopics, directory, model=model)      # writes directory/code/...
loaded = load_class(carried.to_json(), files)             # in a process that has never seen the class
loaded.cls, loaded.loads(pickle)                          # the version's own class; its own unpickling
"""

from foretell.code.bundle import CarriedCode
from foretell.code.carry import carry, class_digest
from foretell.code.environment import differences, environment
from foretell.code.loading import LoadedCode, load_class

__all__ = [
    "CarriedCode",
    "LoadedCode",
    "carry",
    "class_digest",
    "differences",
    "environment",
    "load_class",
]
