//! How much slower than usual this machine is, by how much waits for its processors.

use std::num::NonZero;

/// What waits for each core in a usual run, with as many scenarios as by default.
const USUAL: f64 = 4.0;
/// More than this is no strain but a machine that does nothing else.
const MOST: f64 = 5.0;

/// How many times longer things may take now than in a usual run: 1 to 5. Our own clusters run on this machine; of another
/// it tells how late we hear of what happens.
pub(super) fn strain() -> f64 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    of(&load, cores)
}

fn of(load: &str, cores: usize) -> f64 {
    let load: f64 = load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
    let cores = u32::try_from(cores).map_or(1.0, f64::from);
    (load / (cores * USUAL)).clamp(1.0, MOST)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_machine_is_strained_by_what_waits_beyond_the_usual() {
        let strain = |load: &str| of(&format!("{load} 1.00 1.00 2/300 4711\n"), 2);
        assert!((strain("0.20") - 1.0).abs() < 1e-9);
        assert!((strain("8.00") - 1.0).abs() < 1e-9);
        assert!((strain("20.00") - 2.5).abs() < 1e-9);
        assert!((strain("400.00") - 5.0).abs() < 1e-9);
        assert!((of("", 2) - 1.0).abs() < 1e-9);
    }
}
