"""What every column of the tables of an ECG study means; the tables have these, in this order."""

from __future__ import annotations

from collections.abc import Mapping

from tremor.explain.heart.deletion import SUFFIXES
from tremor.explain.heart.plausibility import METRICS
from tremor.explain.heart.plausibility import NULLS as POINTING_NULLS
from tremor.explain.heart.stability import MEASURES
from tremor.explain.heart.stability import NULLS as STABILITY_NULLS

_LEVELS = {
    "strict": "tokens claimed for the leads where a reader looks first",
    "lenient": "tokens claimed for all leads where the finding may be seen",
    "truth": "tokens of which half or more is planted evidence (synthetic records)",
}
_METRICS = {
    "attauc": "rank AUC of evidence for the class per second, for {level}; ties count half",
    "p_at_k": "share of {level} among the precision_k highest; ties share what is left",
    "f1": "F1 of as many highest tokens as there are {level}",
    "attauc_abs": "as attauc, of evidence of either sign, for {level}",
}
_NULLS = {
    "random": "the mean over random explanations",
    "leads": "the same explanation, the mean over all permutations of its leads",
    "shifted": "the same explanation half an RR interval later",
    "other": "the same method's explanation of another patient's record in this one's place",
    "shuffled": "the original's tokens against shuffled ones of the copy, the mean",
}
_MEASURES = {
    "spearman": "rank correlation of evidence of either sign per second, over matched tokens",
    "jaccard": "overlap of the extra_k_eff highest tokens; those tied at the edge count in part",
    "wjacc": "sum of minima over sum of maxima, each explanation in units of its highest token",
    "rbo": "rank-biased overlap (p = 0.9), extrapolated: 1 for equal rankings",
    "spearman_signed": "rank correlation of signed evidence per second",
}
_FILLS = {"": "", "_second": ", with the second fill"}
_DELETION = {
    "deletion_auc": "mean probability while tokens and all else are deleted, most supporting "
    "first, over that of the record; lower is better",
    "deletion_auc_random": "the same in random orders",
    "deletion_auc_empty": "the same for an empty explanation, for which all goes at once",
    "insertion_auc": "mean probability while they are inserted into the fill, most supporting "
    "first, over that of the record; higher is better",
    "insertion_auc_random": "the same in random orders",
    "insertion_auc_empty": "the same for an empty explanation",
    "deletion_auc_logit": "as deletion_auc, of the logit over the starting logit; empty where "
    "that is not above 0",
    "deletion_auc_logit_random": "the same in random orders",
    "insertion_auc_logit": "as insertion_auc, of the logit over the starting logit",
    "faithfulness_gain": "area of random orders less that of most supporting first, in logits, "
    "over what the record adds to its fill; above 0 is better than random",
    "insertion_gain": "area of insertion less that of random orders, in the same unit",
    "random_orders_beaten": "share of random orders with a smaller area between most and least "
    "supporting first; 0.5 by chance",
    "end_logit": "the class's logit of the fill alone",
}
_RECORD = {
    "meta_code": "SNOMED code of the class",
    "class_name": "name of the class",
    "sel_idx": "place of the record in its record set",
    "record_id": "the record",
    "group": "the patient, where known; intervals are over these",
    "mat_path": "the file of its samples, relative to the data's root; empty for made-up records",
    "method": "what explained it",
}
_PEAKS = {
    "n_tokens": "tokens: leads x windows of beats",
    "precision_k": "the k of precision at k",
    "r_peaks_quality": "0 to 1; below 0.6 no tokens are made",
    "note": "what was left out, and why",
}


def _pointing() -> dict[str, str]:
    found = {f"{level}_share": f"share of {words}" for level, words in _LEVELS.items()}
    for level, words in _LEVELS.items():
        for metric in (*METRICS, f"{METRICS[0]}_abs"):
            name = f"{level}_{metric}"
            found[name] = _METRICS[metric].format(level=words)
            for null in POINTING_NULLS:
                found[f"{name}_{null}"] = f"{name}, {_NULLS[null]}"
    return found


def _deletion() -> dict[str, str]:
    start = {"start_logit": "the class's logit of the record", "start_probability": "its sigmoid"}
    each = {
        name + suffix: words + _FILLS[suffix]
        for suffix in SUFFIXES
        for name, words in _DELETION.items()
    }
    return start | each


def _stability() -> dict[str, str]:
    found = {}
    for measure in MEASURES:
        name = f"extra_{measure}"
        found[name] = _MEASURES[measure]
        for null in STABILITY_NULLS:
            found[f"{name}_{null}"] = f"{name}, {_NULLS[null]}"
    return found


SELECTION: Mapping[str, str] = {
    "group_class": "the class that the record is explained for",
    "record_id": "the record",
    "group": "the patient, where known",
    "sel_idx": "place of the record in its record set",
    "filename": "the record's file, relative to the data's root",
    "duration_sec": "length of the whole record [s]",
    "prob_meta": "the network's probability of the class",
}
EVALUATION: Mapping[str, str] = {
    **_RECORD,
    "scoring": "tremor, or ecg_xai with or without priors: its attauc and p_at_k tell leads alone, "
    "its deletion_auc is an area over the first 0.3 of the claimed time, at most 0.3",
    "stamp": "what must be said of every number in the row; empty where nothing",
    **_pointing(),
    **_deletion(),
    **_PEAKS,
}
STABILITY: Mapping[str, str] = {
    **_RECORD,
    "scoring": "tremor, or ecg_xai with or without priors: beats matched by their times",
    "seed": "seed XOR crc32 of the record's path",
    "augment_beat_index": "which beat comes twice, counted from 0",
    "augmented_file": "the record with the extra beat",
    **_stability(),
    "extra_k_eff": "tokens that jaccard compares",
    "extra_n_tokens": "tokens that are whole in both records",
    "extra_p_original": "the class's probability of the record",
    "extra_p_copy": "that of its copy",
    "extra_p_change": "the copy's less the record's",
    "extra_prediction_stays": "1 where both are on the same side of the class's threshold",
    "stamp": "what must be said of the row",
    "error": "why there are no numbers; empty where there are",
}
BY_CLASS: Mapping[str, str] = {
    "class_name": "the class",
    "method": "what explained its records",
    "scoring": "tremor, or whose algorithm the scores mirror",
    "stamp": "what must be said of the row",
    "n_records": "records with a number",
    "n_groups": "patients among them",
    "<measure>_mean": "mean over records",
    "<measure>_sd": "standard deviation over records",
    "<measure>_low, <measure>_high": "interval of the mean, by patient; empty below 6 patients",
    "<measure>_beyond_other": "mean difference to another record's explanation",
    "<measure>_beyond_other_low, …_high": "its interval, by patient",
}
ABLATION: Mapping[str, str] = {
    "class_name": "the class",
    "method": "what explained its records",
    "scoring": "tremor, or whose algorithm the scores mirror",
    "stamp": "what must be said of the row",
    "n_records": "records judged",
    "n_groups": "patients among them",
    "n_pointed": "records with an AttAUC: those whose beats were found",
    "<column>": "mean over records of a column of the evaluation or stability table",
    "<column>_low, <column>_high": "its interval, by patient; empty below 6 patients",
    "<column>_beyond_<null>": "mean difference to a null, with _low and _high",
}
