"""How much may be spent: evaluations of the network, seconds for all records, or an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tremor.errors import Refused
from tremor.explain.explanation import Explanation

WHERE = "explainer.budget"
REMEDY = f"{WHERE}=2000 (evaluations), {WHERE}=300s (for all records), or {WHERE}=rel_se=0.05"
LEAST, MOST = 250, 64_000  # evaluations of a record that is explained until its error is small


@dataclass(frozen=True)
class Budget:
    """One of three: `evaluations` a record, `seconds` for all, or a `relative_error` a record."""

    evaluations: int | None = None
    seconds: float | None = None
    relative_error: float | None = None

    @classmethod
    def read(cls, text: int | str) -> Budget:
        """From `2000`, `300s` or `rel_se=0.05`."""
        said = str(text)
        forms = {
            "evaluations": r"(\d+)",
            "seconds": r"(\d+(?:\.\d*)?)\s*s",
            "relative_error": r"rel_se=(\d*\.?\d+)",
        }
        for kind, form in forms.items():
            match = re.fullmatch(form, said.strip())
            if match and float(match[1]) > 0:
                number = int(match[1]) if kind == "evaluations" else float(match[1])
                return cls(**{kind: number})  # type: ignore[arg-type]
        raise Refused(f"cannot read the budget {said!r}", WHERE, REMEDY)

    @property
    def half(self) -> Budget:
        """Half the evaluations, or half the seconds; the same error."""
        evaluations = None if self.evaluations is None else self.evaluations // 2
        seconds = None if self.seconds is None else self.seconds / 2
        return Budget(evaluations, seconds, self.relative_error)

    def planned(self, seconds_each: Callable[[], float], records: int) -> Budget:
        """Seconds turned to evaluations a record; `seconds_each` measures one evaluation."""
        if self.seconds is None:
            return self
        each = self.seconds / max(records, 1) / seconds_each()
        return Budget(evaluations=max(2, int(each)))

    def spend(self, explain: Callable[[int], Explanation], least: int = LEAST) -> Explanation:
        """Explain a record within the budget; errors are met by doubling `least` evaluations."""
        if self.evaluations is not None:
            return explain(self.evaluations)
        assert self.relative_error is not None
        evaluations = max(LEAST, least)
        while True:
            found = explain(evaluations)
            error = found.relative_error
            if error is None and bool(found.values.any()):
                fault = "this explainer gives no standard errors"
                raise Refused(fault, WHERE, f"{WHERE}=2000, or explainer=owen")
            if error is None or error <= self.relative_error or evaluations >= MOST:
                return found
            evaluations *= 2
