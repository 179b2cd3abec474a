"""An alarm's definition, as PutMetricAlarm takes it: its fields, and what CloudWatch would refuse."""
