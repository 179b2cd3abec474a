"""The monthly cost of each form by requests per day."""
