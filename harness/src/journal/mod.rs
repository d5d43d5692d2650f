//! What happened: every version of every object, in the order seen.
