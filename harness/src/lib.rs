//! What a scenario stands on; it knows no scenario.
