"""Records, their splits and their audit: files in, batches out."""
