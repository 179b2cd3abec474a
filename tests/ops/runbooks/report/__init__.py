"""Tests of incident reports."""
