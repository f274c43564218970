"""Metrics per kind of output, confidence intervals and paired tests: numbers only."""
