"""Redrive by SQS itself: message move tasks."""
