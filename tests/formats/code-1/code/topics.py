from frozen import step


class Topics:
    def answer(self, model, factor):
        assert isinstance(model, step.Step)
        return f"frozen: {model.score(factor)}"
