"""A workload's settings from a SAM or CloudFormation template, without an account."""
