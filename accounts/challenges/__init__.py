"""After suspicion a browser proves that it is worth an answer: by work, or by somebody's puzzle."""
