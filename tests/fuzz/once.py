"""Texts that once broke a reader: which reader, which seed, which file, what was in it."""

from __future__ import annotations

import json

RUN = "tones/2026-01-02__03_04_05"
JOB = '{"state": "done", "seconds": "long"}'
DEEP = "[" * 100_000
SCORE = b'{"confusion": [], "classes": ["c0", "c1"], "metrics": {"balanced_accuracy": %s}}'
"""A verdict whose score is something else."""

ONCE: list[tuple[str, str, str, bytes]] = [
    ("geo_stations", "table", "x.csv", b"station,latitude,longitude\nSBG,5,95,1,2\nTRT,2,99,3,4\n"),
    (
        "geo_catalogue",
        "table",
        "x.csv",
        b"time,Latitude,latitude,longitude,depth,magnitude\n2018-03-05,1,2,3,4,5\n",
    ),
    (
        "geo_catalogue",
        "table",
        "x.csv",
        b"time,latitude,longitude,depth,magnitude\n1,2,3,4,5,6,7\n",
    ),
    ("geo_indices", "table", "x.csv", b"time,kp\n2018-03-05T00:00Z,2+,1,2,3\n"),
    ("ecg_patients", "two", "x.csv", b"record,patient\nA1,p,1,2\nA2,q,3,4\n"),
    ("attribute_table", "table", "NRCA_attributes_pre.csv", b"trace_name,a\nx,1,2,3\ny,1,2,3\n"),
    (
        "seisbench",
        "bucket",
        "metadata.csv",
        b"trace_name,split\nbucket0$0,a,b,c\nbucket0$1,a,b,c\n",
    ),
    ("seisbench", "chunks", "chunks", b"_" + b"a" * 300 + b"\n"),
    ("class_codes", "both", "x.txt", "16488900³\n".encode()),
    ("class_codes", "both", "x.txt", b"9" * 5000),
    ("image_notes", "both", "f_t_range.npy", b"\x93NUMPY\x01\0\x10\0{'descr': ['<f8'\n"),
    (
        "record_set",
        "ragged",
        "meta.json",
        b'{"classes": ["a"], "channels": [], "sampling_rate": 1}',
    ),
    ("record_set", "ragged", "meta.json", b"\xff\xfe"),
    ("record_set", "ragged", "table/columns.json", b'{"names": ["a"], "rows": 3, "plain": []}'),
    ("record_set", "ragged", "table/001.txt", b"\xb0\0\xf8\0"),
    ("record_set", "ragged", "offsets.npy", b"\x93NUMPY\x01\0v\0"),
    ("sweep", "two", "0/job.json", JOB.encode()),
    ("sweep", "two", "0/job.json", b'{"state": "done", "\xc3\xa9": 1}'),
    ("sweep", "two", "0/job.json", b"[]"),
    (
        "sweep",
        "two",
        "0/job.json",
        b'{"state": "running", "host": "", "pid": 99999999999999999999}',
    ),
    (
        "sweep",
        "two",
        "sweep.json",
        b'{"format": 1, "jobs": [{"number": 0, "values": []}], "keys": []}',
    ),
    ("sweep", "two", "sweep.json", DEEP.encode()),
    ("sweep", "two", "1/evaluation/metrics.json", b'{"metrics": "x"}'),
    ("sweep", "two", "1/evaluation/metrics.json", b"\xff"),
    ("sweep", "two", "0/metrics.csv", b"epoch,val/loss\n1970-01-01,0.5\n"),
    (
        "judge_file",
        "one",
        "predictions.csv",
        b"record_id,group,label,predicted,p_a,p_b\na,g,9,0,.5,.5\n",
    ),
    (
        "judge_file",
        "one",
        "predictions.csv",
        b"record_id,group,label,predicted,p_a,p_b\na,g,x,0,.5,.5\n",
    ),
    (
        "judge_file",
        "one",
        "predictions.csv",
        b"record_id,group,label,predicted,p_a,p_b\na,g,0,0,nan,1\n",
    ),
    ("judge_file", "one", "predictions.csv", b"record_id,group,label,p_a,p_b\na,g,0,.5,.5\n"),
    (
        "judge_file",
        "one",
        "predictions.csv",
        b"record_id,group,label,predicted,p_a,p_b\na,g,0.0,0,.5,.5\nb,h,1.0,0,.5,.5\n",
    ),
    ("judge_file", "both", "validation.csv", b"record_id,group,label,predicted,p_z\na,g,0,0,1\n"),
    ("judge_file", "both", "validation.csv", b"a,b\n1,2\n1,2,3,4\n"),
    ("compare", "four", "big0/evaluation/predictions.csv", b"record_id,group\na,b\n"),
    ("compare", "four", "big0/evaluation/metrics.json", b'{"confusion": 1}'),
    ("compare", "four", "big0/evaluation/metrics.json", SCORE % b'"x"'),
    ("compare", "four", "big0/evaluation/metrics.json", SCORE % b'{"value": 0.5}'),
    ("compare", "four", "big0/evaluation/metrics.json", SCORE % b'{"chance": [0.5]}'),
    ("compare", "heads", "64/evaluation/predictions.csv", b"record_id,group\na,b\n"),
    ("compare", "heads", "64/evaluation/metrics.json", b'{"heads": {"magnitude": 1}}'),
    ("compare", "several", "64/evaluation/predictions.csv", b"record_id,group\na,b\n"),
    ("compare", "four", "big0/config.yaml", b"seed: 1\ndataset: {fold: [1]}\n"),
    ("compare", "four", "big0/config.yaml", b"seed: 1\ndataset: 3\n"),
    ("compare", "four", "big0/config.yaml", b"- a\n- b\n"),
    ("report_index", "one", f"{RUN}/overrides.yaml", b"a: \x01\n"),
    ("report_index", "one", f"{RUN}/evaluation/metrics.json", DEEP.encode()),
    (
        "report_index",
        "one",
        f"{RUN}/evaluation/metrics.json",
        b'{"metrics": {"mcc": {"value": [], "lo": 0, "hi": 1}}}',
    ),
    ("report_page", "one", "evaluation/metrics.json", b'{"metrics": {}, "interval": {}}'),
    ("report_page", "one", "audit.json", b'{"checks": [], "balance": [{"class": "a"}]}'),
    ("report_page", "one", "explanations/demo/ablation.csv", b"study,n_records\nfused,many\n"),
    ("report_page", "one", "resumed.json", json.dumps([{"time": "noon"}]).encode()),
    ("command_line", "evaluate0", "evaluate.txt", b"a" * 5000),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"# @package _global_\nseed: \x1a\n"),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"seed: 1\nseed: 2\n"),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"defaults: true\n"),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"defaults:\n  - {}\n"),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"# @pa\nseed: 1\n"),
    ("config_yaml", "experiment", "experiment/mine.yaml", b"\xff\xfe\xff"),
]
