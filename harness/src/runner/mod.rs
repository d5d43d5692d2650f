//! From a catalogue to trials: deadlines, signals, isolation.
