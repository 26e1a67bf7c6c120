"""Why a network decides so: games, players, fills and estimators that compose to an explanation.

A *game* says what a part of a record is worth: the score (a logit, or a difference of two) of the
record with the rest replaced by a *fill*. *Players* are the parts. An *estimator* shares the score
out among them and says how exactly it knows. Nothing here has an opinion on where evidence is.

From a notebook, `tremor.explain(predict, inputs, method=Owen(budget=2000))` does it all.
"""

import sys
from types import ModuleType
from typing import Any


class _Explain(ModuleType):
    """This package, which can be called."""

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        from tremor.explain.notebook import explain

        return explain(*inputs, **settings)


sys.modules[__name__].__class__ = _Explain
