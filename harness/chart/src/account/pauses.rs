//! How long nothing was acknowledged, in words.

use record::{upgrade::Window, words};

/// Without clients nothing is known of data.
pub(super) const NOTHING_WRITTEN: &str = "nothing was written: no pod of this chart is known to speak S3 or PostgreSQL; steadfast-chart.yaml can name its stores";

/// `4.2 s without an acknowledged write, 3.9 s at a stretch`
pub fn away(windows: &[Window]) -> String {
    let all: f64 = windows.iter().map(Window::seconds).sum();
    let longest = windows.iter().map(Window::seconds).fold(0.0, f64::max);
    match windows.len() {
        0 => "no pause".to_owned(),
        1 => words::seconds(all),
        number => {
            format!("{} in {number} pauses, the longest {}", words::seconds(all), words::seconds(longest))
        }
    }
}
