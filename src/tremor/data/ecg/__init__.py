"""Electrocardiograms as files: headers, samples, codes of what they show, and writing them."""
