"""The moment at which tests happen that need one."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
