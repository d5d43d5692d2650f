//! The sentinel: a program of our own that can be held, slowed and asked.
