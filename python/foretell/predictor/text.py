"""``foretell.TextPredictor``: a predictor that is declared, not written.

predictor = ft.TextPredictor("EventTopics", ft.compile(pipeline), text=["title", "description"], keep=["id"])
predictor.save_model()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.models.native import METHODS, NativeModel
from foretell.predictor.contract import Contract
from foretell.predictor.join import join_text
from foretell.predictor.predictor import Predictor
from foretell.predictor.schema import Schema

if TYPE_CHECKING:
    from foretell import _core
    from foretell.version import Version


_DECLARED = frozenset({"text", "outputs", "input", "output", "keep"})


class TextPredictor(Predictor):
    """Text columns through a native model: no code of its own, so its versions are data only.

    Nothing in such a version is to be trusted, it runs without the GIL on any number of threads, and a C++ program
    opens it as well. A row's text is its text columns joined by a space, null and "" left out (``ft.join_text``).
    """

    def __init__(
        self,
        name: str,
        model: Any,
        *,
        text: Sequence[str] | str,
        output: str | Mapping[str, str] | None = None,
        keep: Sequence[str] | None = None,
        source: Any = None,
        store: Any = None,
    ) -> None:
        """``name``: in the store. ``model``: of ``ft.compile``, or what it can compile; it takes texts.
        ``text``: the string columns.

        ``output``: the names of the output columns, each with a method of the model: ``{"topics": "transform"}``.
        A name alone is that of the one usual output. By default a classifier gives ``label`` and
        ``probabilities`` (or ``decision``), a regressor ``prediction``, topics ``topics``, another transformer
        ``values``. ``keep``, ``source``, ``store``: as of ``Predictor``.

        FT0101 for a model that takes no texts, or has no such method; FT0806 for what cannot be compiled.
        """
        super().__init__(_native(model), store=store)
        self.name = name
        self.text = [text] if isinstance(text, str) else list(text)
        self.outputs = _outputs(self.model, output)
        self.keep = keep
        if source is not None:
            self.source = source
        core = self._made(self.model)
        self.input = Schema.of(core.signature.input)
        self.output = Schema.of(core.signature.output)
        self._core = core

    @classmethod
    def _open(cls, version: Version, model: NativeModel) -> TextPredictor:
        """That of a version; FT0506 where the manifest's description does not fit the model."""
        told = version.manifest["predictor"]
        try:
            return cls(
                version.name,
                model,
                text=told["text"],
                output=dict(told["outputs"]),
                keep=version.manifest["signature"]["keep"],
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise error(
                "FT0506", f"{version.reference} does not say what it predicts: {problem}"
            ) from problem

    def to_json(self) -> dict[str, Any]:
        """What the manifest says of it, beside its signature."""
        return {"text": list(self.text), "outputs": [list(pair) for pair in self.outputs.items()]}

    def __init_subclass__(cls, **arguments: Any) -> None:
        raise error(
            "FT0101",
            f"{cls.__name__} is a subclass of TextPredictor, which is declared and holds no code",
            "subclass ft.Predictor; its model may be a native one",
        )

    def extract_features(self, row: Any) -> Any:
        """The row's text."""
        return join_text(*[row[name] for name in self.text])

    def predict_item(self, features: str) -> Any:
        """The model's answer for one text."""
        return self._core.predict_text(features)

    def _native(self, watch: Any = None) -> Any:
        self._ready()
        return self._core

    def _whole(self) -> Any:
        return self._core

    def _take(self, store: Any, version: Version, model: Any) -> None:
        told = version.manifest.get("predictor")
        if told != self.to_json():
            raise error(
                "FT0101",
                f"{version.reference} has {told or 'code of its own'}, and this predictor {self.to_json()}",
                f'ft.load("{version.reference}") opens it as it was saved',
            )
        super()._take(store, version, model)

    def _made(self, model: NativeModel) -> _core.TextPredictor:
        from foretell import _core

        keep = None if self.keep is None else list(Contract.of(self).keep or ())
        return _core.TextPredictor(model._core, self.text, list(self.outputs.items()), keep)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _DECLARED and "_core" in self.__dict__:
            raise error("FT0101", f"{name} of a TextPredictor is declared once", "make another TextPredictor")
        if name == "model" and "_core" in self.__dict__:
            value = _native(value)
            core = self._made(value)
            if core.signature.output != self._core.signature.output:
                raise error("FT0101", "the model gives other outputs", "make another TextPredictor for it")
            object.__setattr__(self, "_core", core)
            object.__setattr__(self, "_scorer", None)
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_core"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["_core"] = self._made(self.model)


def _native(model: Any) -> NativeModel:
    if isinstance(model, NativeModel):
        return model
    if not hasattr(model, "get_params"):
        raise error(
            "FT0101", f"the model is a {type(model).__name__}, expected a native one", "see ft.compile"
        )
    from foretell.sklearn import compile

    return compile(model)


def _outputs(model: NativeModel, output: str | Mapping[str, str] | None) -> dict[str, str]:
    if isinstance(output, Mapping):
        unknown = [method for method in output.values() if method not in METHODS]
        if unknown:
            raise error("FT0101", f"there is no method {unknown[0]!r}", f"one of: {', '.join(METHODS)}")
        return dict(output)
    usual = _usual(model)
    if output is None:
        return usual
    return {output: next(iter(usual.values()))}


def _usual(model: NativeModel) -> dict[str, str]:
    if "predict" not in model.methods:
        steps = model.description.get("steps") or [model.description]
        return {"topics" if steps[-1]["kind"] == "lda" else "values": "transform"}
    if not model._core.classes:
        return {"prediction": "predict"}
    scores = "predict_proba" if "predict_proba" in model.methods else "decision_function"
    return {"label": "predict", "probabilities" if scores == "predict_proba" else "decision": scores}
