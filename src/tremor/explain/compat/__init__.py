"""The algorithms of an earlier ECG explainer (ecg-xai), reproduced so that its numbers can be.

From a description, not from its code. Its lead priors decide which leads are ever tried, and its
evaluation blends the same priors into the scores: what comes out of here is circular, and every
explanation says so. Nothing else in the house uses these modules.
"""

CIRCULAR = (
    "compat=ecg_xai: lead priors, which are also the answer key, decide what is tried: circular"
)
