"""What a frozen network knows: small probes on its layers, run by the loop of training."""
