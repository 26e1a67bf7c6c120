"""What surrounds a fit: run folder, checkpoints, schedules, callbacks, loggers."""
