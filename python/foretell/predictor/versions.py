"""Saving, loading and listing the versions of a predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from foretell.error import error

if TYPE_CHECKING:
    from foretell.predictor.predictor import Predictor
    from foretell.training import Training
    from foretell.version import Version

P = TypeVar("P", bound="Versions")


class Versions:
    """The part of ``Predictor`` that speaks with the store."""

    def save_model(
        self,
        model: Any = ...,
        model_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        alias: str | None = None,
        example: Any = None,
        loader: Literal["pickle", "skops"] | None = None,
        why: str = "",
        unchecked: bool = False,
        model_from: int | str | None = None,
        trust_store: bool = False,
    ) -> Version:
        """Saves a model with this class's code as the next version, and returns that.

        ``model``: by default the predictor's own. ``model_key``: the name in the store (default: ``name``).
        ``metadata``: JSON values. ``example``: a dict, a list of dicts or a frame; it is kept with the version,
        and what the class does not declare of its input and output is inferred from it.
        Without it rows of a local source are kept, and hard ones.

        ``alias``: moved to the new version once ``foretell.check`` has found that every mode predicts the
        example alike, which takes 100 distinct rows (or all of a smaller source); else FT0421, and the version
        stays saved. ``unchecked=True`` moves it all the same. ``why`` stays in the alias's history.

        ``loader``: "skops" keeps a scikit-learn model without pickle; by default the class's own
        ``save_files``, else pickle. ``model_from``, instead of a model: a version, such as 2, "production" or
        "EventTopics@2", whose model's files are taken as they are: new code, old model. This predictor itself
        is unchanged: ``load_model`` takes the new version up.
        """
        from foretell.predictor.saving import save_model

        if model is ... and model_from is None:
            model = vars(self).get("model", ...)
        if (model is ...) == (model_from is None) or (model_from is not None and loader is not None):
            raise error("FT0101", "save_model needs a model, or model_from= and neither a model nor a loader")
        stored = None
        if model_from is not None:
            from foretell.predictor.stored_model import stored_model

            name = model_key if model_key is not None else cast("Predictor", self).name
            stored = stored_model(self, name, model_from, trust_store)
            model = stored.model
        return save_model(
            self,
            model,
            model_key,
            metadata,
            alias=alias,
            example=example,
            loader=loader,
            why=why,
            unchecked=unchecked,
            stored=stored,
        )

    def train_model(
        self,
        *,
        input: Any = None,
        sample: int | None = None,
        seed: int = 0,
        test_share: float | None = None,
        model_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        alias: str | None = None,
        compare: str | None = None,
        why: str = "",
        unchecked: bool = False,
        trust_store: bool = False,
        progress: Any = None,
    ) -> Training:
        """Trains a model by the class's ``train``, and saves it as the next version.

        Rows come from ``input``, else ``train_source``, else ``source``; with ``sample`` from that many rows
        across it. They are prepared and made features as everywhere; bad and skipped rows are counted and left
        out. A class with ``evaluate`` has a fifth of its rows (``test_share``) held out from training, chosen by
        ``seed`` and a row's own content, and the model is evaluated on these. ``train`` may take ``seed``;
        Python's and NumPy's global generators are seeded as well. Metrics, parameters and the data's digest are
        kept with the version. ``compare``: a version or alias, evaluated on the same held-out rows. ``alias``,
        ``why``, ``unchecked``: as in ``save_model``.

        This predictor itself is unchanged: ``load_model`` takes the new version up. FT0309 without ``train``;
        FT0301 from what it raises, FT0303 for what is no model; FT0307, FT0707, FT0708 without rows.
        """
        from foretell.training import train_model

        return train_model(
            self,
            input=input,
            sample=sample,
            seed=seed,
            test_share=test_share,
            model_key=model_key,
            metadata=metadata,
            alias=alias,
            compare=compare,
            why=why,
            unchecked=unchecked,
            trust_store=trust_store,
            progress=progress,
        )

    def load_model(
        self: P, version: int | str = "latest", model_key: str | None = None, *, trust_store: bool = False
    ) -> P:
        """Takes up a version's model; returns this predictor. ``version``: a number, an alias or "latest".
        ``model_key``: the name in the store (default: ``name``, whatever was loaded before).

        The class stays the one at hand: a warning tells when the version was saved with other code, or under
        another Python or other libraries. FT0401, FT0402, FT0403; FT0503 when the store belongs to another
        user and ``trust_store`` is not given. Nothing changes when it fails.
        """
        from foretell.loading import load_model

        before = dict(self.__dict__)
        try:
            load_model(cast("Predictor", self), version, model_key, trust_store=trust_store)
            cast("Predictor", self)._ready()
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def list_versions(self, model_key: str | None = None) -> list[Version]:
        """The versions of this predictor in the store, oldest first; empty when nothing was saved yet.

        ``model_key``: the name in the store. The default is ``name``, as for ``save_model`` and ``load_model``,
        whatever was loaded: a number in this list is one that ``load_model`` takes. Those beside the loaded
        version: ``list_versions(predictor.version.name)``.
        """
        from foretell.loading import list_versions

        return list_versions(cast("Predictor", self), model_key)
