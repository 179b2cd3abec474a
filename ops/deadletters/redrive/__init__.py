"""Running a plan: preflight, rollout, canary, headroom, purge."""
