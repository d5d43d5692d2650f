//! What is written: no two contents are alike, and none can be compressed.

use sha2::{Digest, Sha256};

use super::noise::Noise;

/// The content of a place in a history. Its hash starts it, so contents differ from 32 bytes on; noise from it fills the rest,
/// so that no store can compress it or share blocks between objects.
pub fn content(place: &str, size: usize) -> Vec<u8> {
    let seed = Sha256::digest(format!("{place}/{size}"));
    let folded = seed.iter().fold(0_u64, |state, byte| state.rotate_left(8) ^ u64::from(*byte));
    let mut noise = Noise::new(folded, 0);
    let mut bytes = Vec::with_capacity(size + 32);
    bytes.extend_from_slice(&seed);
    while bytes.len() < size {
        bytes.extend_from_slice(&noise.draw().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn contents_follow_from_their_place_are_unique_and_of_the_asked_size() {
        assert_eq!(content("r/1/2", 3000), content("r/1/2", 3000));
        let mut seen = BTreeSet::new();
        for place in 0..50 {
            for size in [32, 100, 3071, 3072] {
                let content = content(&format!("r/{place}"), size);
                assert_eq!(content.len(), size);
                assert!(seen.insert(content[..32].to_vec()), "{place} of {size} bytes is like another");
            }
        }
    }
}
