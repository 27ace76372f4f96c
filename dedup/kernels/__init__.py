"""Compiled loops, one file a stage: arrays in, preallocated arrays out, nothing of ours imported."""
