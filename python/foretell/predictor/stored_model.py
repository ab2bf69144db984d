"""The model of a saved version for a new one with other code: its files are taken as they are.

So the store keeps their bytes once, and the model is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.code import CarriedCode
from foretell.error import Error, error
from foretell.predictor import example as examples
from foretell.version import Version

_FOLDER = "model/"


@dataclass(frozen=True)
class StoredModel:
    """``model`` is read by the version's own code; ``files``: all of the version's."""

    version: Version
    files: Mapping[str, Path]
    model: Any

    @property
    def model_files(self) -> dict[str, Path]:
        return {path: file for path, file in self.files.items() if path.startswith(_FOLDER)}

    def origin(self) -> dict[str, Any]:
        """For the new version's manifest."""
        return {"version": self.version.reference, "sha256": self.version.sha256}

    def description_under(
        self, carried: CarriedCode | None, directory: Path, predictor: Any
    ) -> dict[str, Any]:
        """What the manifest says of the model, once the new code in ``directory`` has read it. FT0502."""
        from foretell import models
        from foretell.code import load_class

        description = dict(self.version.manifest["model"])
        if carried is None:  # no code: the predictor has taken the model
            return description
        code = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}
        try:
            models.load(
                description, self.files, load_class(carried.to_json(), code), predictor=type(predictor)
            )
        except Error as problem:
            raise error(
                "FT0502",
                f"the model of {self.version.reference} cannot be read with this code: {problem.message}",
                "keep the classes that the model is made of where they were, or train again",
            ) from problem
        return description

    def example(self) -> examples.Example | None:
        """The version's example, for a class that has no source to draw one from."""
        import pyarrow as pa

        kept = self.version.manifest.get("check")
        file = self.files.get(str(self.version.manifest.get("example")))
        if not kept or file is None:
            return None
        with pa.ipc.open_file(file) as reader:
            return examples.Example(reader.read_all(), kept["origin"], kept["needed"], kept["hard"])


def stored_model(predictor: Any, name: str, reference: int | str, trust_store: bool = False) -> StoredModel:
    """``reference``: "EventTopics@2", or a number or an alias of ``name``. FT0401 to FT0403, FT0502, FT0503."""
    from foretell.loading import open_version

    whole = str(reference) if "@" in str(reference) else f"{name}@{reference}"
    store, version, _, model = open_version(whole, predictor._store, trust_store, predictor)
    return StoredModel(version, store.open_files(version), model)
