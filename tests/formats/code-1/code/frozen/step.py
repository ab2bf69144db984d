import numpy as np


class Step:
    def __init__(self):
        self.weights = np.arange(512.0)

    def score(self, factor):
        return float(self.weights[-1] * factor)
