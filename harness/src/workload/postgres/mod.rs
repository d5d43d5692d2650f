//! PostgreSQL: its identity, settings and readiness.
