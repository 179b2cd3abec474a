"""Workloads for the doctor's rules: one in order, and for each rule one that breaks it and one that just does not."""
