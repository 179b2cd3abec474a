"""Names, URLs and ARNs of AWS resources."""
