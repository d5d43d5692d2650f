//! A small generator of noise (Steele, Lea, Flood 2014).

/// Noise that follows from a seed.
#[derive(Debug, Clone)]
pub struct Noise(u64);

impl Noise {
    /// Another one for each process.
    pub fn new(seed: u64, process: u32) -> Self {
        let mut noise = Self(seed ^ u64::from(process).wrapping_mul(0xA24B_AED4_963E_E407));
        // Seeds that differ in a bit are apart from the second number on.
        noise.draw();
        noise
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut noise = self.0;
        noise = (noise ^ (noise >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        noise = (noise ^ (noise >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        noise ^ (noise >> 31)
    }

    /// The next number below a bound; 0 where the bound is.
    pub fn below(&mut self, bound: u32) -> u32 {
        let part = (self.draw() >> 32) * u64::from(bound);
        u32::try_from(part >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_below_a_bound_come_about_equally_often() {
        let (mut noise, mut counts) = (Noise::new(1, 2), [0_u32; 5]);
        for _ in 0..10_000 {
            counts[noise.below(5) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
        assert_eq!(noise.below(0), 0);
    }
}
