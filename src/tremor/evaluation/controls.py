"""Controls beside the models that they are controls of: what can be had with nothing to learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tremor.evaluation.compared import Configuration, Control, sign

SHUFFLED = "dataset.shuffle_labels=true"


def controls(configurations: Sequence[Configuration], metric: str) -> Iterator[Control]:
    """Every control, with the model of the same settings and classes where that was run."""
    models = {_same(c): number for number, c in enumerate(configurations) if not c.control}
    for number, c in enumerate(configurations):
        if c.control:
            of = models.get(_same(c))
            own = Control(number, of, len(c.runs), _above(c, sign(metric)))
            refit = of is not None and SHUFFLED in c.runs[0].control
            yield _tested(own, configurations, sign(metric)) if refit else own


def _same(c: Configuration) -> str:
    """What a control and its model share."""
    return repr((c.classes, sorted(c.runs[0].naming.items())))


def _above(c: Configuration, better: int) -> bool:
    """Whether it is above chance with its whole interval."""
    worse = c.mean.lo if better > 0 else c.mean.hi
    return worse is not None and better * worse > better * c.chance


def _tested(own: Control, configurations: Sequence[Configuration], better: int) -> Control:
    """The model's mean among refits on labels dealt anew."""
    assert own.of is not None
    refits, model = configurations[own.number].values, configurations[own.of].mean.value
    as_good = sum(better * value >= better * model - 1e-12 for value in refits)
    whole = 1 + len(refits)
    return Control(own.number, own.of, own.refits, own.above, (1 + as_good) / whole, 1 / whole)


def said(found: Sequence[Control], configurations: Sequence[Configuration]) -> Iterator[str]:
    """What each control shows."""
    for own in found:
        c = configurations[own.number]
        mean = f"{c.mean.value:.3f}"
        mean += f" ({c.mean.lo:.3f} to {c.mean.hi:.3f})" if c.mean.ends else ""
        reached = f"{c.name} reaches {mean} over {own.refits} run{'s' * (own.refits > 1)}"
        if own.above:
            yield f"NOT at chance ({c.chance:.3f}): {reached}, with nothing to learn of the class."
        else:
            yield f"{reached}; chance is {c.chance:.3f}."
        if own.p is not None and own.least is not None and own.of is not None:
            model = configurations[own.of]
            few = " (the smallest that so few refits can give)" * (own.p <= own.least > 0.05)
            yield (
                f"{model.name} reaches {model.mean.value:.3f}; as much by refits on shuffled "
                f"labels: p = {own.p:.3g}{few}."
            )
