"""What a run knows of each thing that reviewers ask: text, or nothing where it knows nothing."""

from __future__ import annotations

from tremor.report.known import Known, scored
from tremor.report.tables import counted, interval, number


def unknown(known: Known) -> str:
    """What no run can know."""
    return ""


def source(known: Known) -> str:
    kind = known.kind("dataset.records")
    if not kind:
        return ""
    made = "made-up" if "synthetic" in str(known.at("dataset.records._target_")) else "read"
    return f"records {made} by {kind}, fingerprint {known.provenance.get('data_fingerprint')}"


def outcome(known: Known) -> str:
    heads = known.verdict.get("heads", {})
    if heads:
        return "; ".join(f"{name}: {', '.join(own['classes'])}" for name, own in heads.items())
    return ", ".join(known.verdict.get("classes", []))


def set_aside(known: Known) -> str:
    found = known.verdict.get("set_aside")
    if found is None:
        return ""
    each = ", ".join(f"{count} {why}" for why, count in found["reasons"].items())
    return f"{counted(found['count'], 'record')} set aside{': ' if each else ''}{each}"


def size(known: Known) -> str:
    return "; ".join(known.parts())


def unit(known: Known) -> str:
    records, groups = (known.verdict.get(key) for key in ("records", "groups"))
    if not groups:
        return ""
    return f"the {known.unit}: {records:,} test records are of {counted(groups, known.unit)}"


def split(known: Known) -> str:
    kind = known.kind("dataset.split")
    return f"{kind}, seed {known.at('seed')}; no {known.unit} in two parts" if kind else ""


def leaks(known: Known) -> str:
    checks = known.audit.get("checks", [])
    return "; ".join(f"{c['check']}: {'holds' if c['passed'] else 'BROKEN'}" for c in checks)


def preparation(known: Known) -> str:
    return known.kind("dataset.normalise") and f"{known.kind('dataset.normalise')}, see config.yaml"


def network(known: Known) -> str:
    parts = [known.kind(name) for name in ("encoder", "model", "decoder")]
    return " → ".join(part for part in parts if part)


def pretraining(known: Known) -> str:
    if not known.config:
        return ""
    names = ("encoder", "model")
    weights = {n: known.at(f"{n}.pretrained") for n in names if known.at(f"{n}.pretrained")}
    if not weights:
        return "none: random initial weights"
    return ", ".join(f"{n} from {place}" for n, place in weights.items())


def training(known: Known) -> str:
    kind = known.kind("optimizer")
    if not kind:
        return ""
    epochs, rate = known.at("trainer.max_epochs"), known.at("optimizer.lr")
    return f"{kind}, learning rate {rate:g}, at most {epochs} epochs"


def chosen(known: Known) -> str:
    monitor = known.at("train.monitor")
    return f"the epoch by {monitor} ({known.at('train.mode')}), on validation" if monitor else ""


def scores(known: Known) -> str:
    return "; ".join(f"{name} {scored(score)}" for name, score in known.mains.items())


def intervals(known: Known) -> str:
    found = known.verdict.get("interval")
    return f"{100 * found['level']:g} %: {found['method']}" if found else ""


def null(known: Known) -> str:
    found = known.verdict.get("null")
    what = found and (found.get("method") or f"permutations of labels between {found['unit']}s")
    return f"{found['permutations']:,} {what}" if found else ""


def baselines(known: Known) -> str:
    names = [own.get("baselines", {}) for own in known.judged]
    return ", ".join(dict.fromkeys(name.replace("_", " ") for own in names for name in own))


def calibration(known: Known) -> str:
    found = [own["calibration"]["ece"] for own in known.judged if "calibration" in own]
    each = (
        f"ECE {number(it['value'])}, calibrated models {number(it['null'][0])} to "
        f"{number(it['null'][1])}"
        for it in found
        if "null" in it
    )
    return "; ".join(each) or ("each class, see the page" if "called" in known.verdict else "")


def sets(known: Known) -> str:
    found = [own["sets"] for own in known.judged if "sets" in own]
    return "; ".join(
        f"coverage {number(it['coverage']['value'])} "
        f"({interval(it['coverage']) or 'no interval'}), wanted {it['wanted']:g}"
        for it in found
    )


def slices(known: Known) -> str:
    names = [n for own in known.judged for n in (*own.get("strata", {}), *own.get("slices", {}))]
    return ", ".join(dict.fromkeys(name.replace("_", " ") for name in names))


def confounders(known: Known) -> str:
    each = [*known.judged, *known.verdict.get("reasons", {}).values()]
    names = [name for own in each for name in own.get("confounders", {})]
    names += [f"{place} in the features" for place in known.verdict.get("probe", {})]
    return ", ".join(dict.fromkeys(name.replace("_", " ") for name in names))


def seeds(known: Known) -> str:
    seed = known.at("seed")
    said = f"one run (seed {seed}): the intervals do not hold how far runs differ"
    return said if seed is not None else ""


def code(known: Known) -> str:
    git, versions = (known.provenance.get(key) or {} for key in ("git", "versions"))
    if not versions:
        return ""
    changed = ", with changes that no commit has" if git.get("dirty") else ""
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"commit {git.get('commit')}{changed}; {named}"


def command(known: Known) -> str:
    return str(known.provenance.get("command") or "")


def machine(known: Known) -> str:
    told = (known.provenance.get(key) for key in ("device", "platform"))
    return ", ".join(str(it) for it in told if it)
