"""How figures are judged: levels, findings, limits, configuration checks, cost."""
