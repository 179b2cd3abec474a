"""What is wrong with a workload's settings: rules over one model, which is built from an account or from a template."""
