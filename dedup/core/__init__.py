"""The base of every stage: arrays, hashes, threads, storage, files, checkpoints."""
