"""Learning from text without labels: its objectives and its data, run by the loop of training."""
