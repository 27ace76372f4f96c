"""Compiled loops, one file a stage: arrays in, arrays out, nothing of ours imported."""
