//! What clients tried, the outcome they saw, and what the store holds.
