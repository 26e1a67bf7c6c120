"""One module per outside format: each turns files into records and nothing else."""
