"""What every stage stands on: arrays, hashes, threads, storage, files, checkpoints."""
