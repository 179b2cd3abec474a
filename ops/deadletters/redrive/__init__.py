"""Carrying out a plan: preflight, rollout, canary, headroom, purge."""
