//! Garage: its admin API and the initialisation of its layout.
