"""Rules that judge figures: levels, findings, limits, configuration checks, cost."""
