//! What lies beside an object: its writer's word on what it is, its type, and the tag that the store gave to it. All are of what is
//! there, wherever and however often it is asked for.

use std::collections::HashMap;

use history::{Answer, How, Value, value::Digest};
use md5::{Digest as _, Md5};

/// The name of the writer's word.
const CONTENT: &str = "content";
/// The name of the tag that S3 gives to what was written so.
const TAG: &str = "tag";
/// In so many parts an object is uploaded, by its content: most often in two, and now and then in more than a digit can count.
const PARTS: [usize; 8] = [2, 2, 2, 2, 2, 3, 3, 11];

/// What a store says beside an object.
pub(super) struct Beside<'a> {
    pub metadata: Option<&'a HashMap<String, String>>,
    pub content_type: Option<&'a str>,
    pub tag: Option<&'a str>,
    /// Whether it was encrypted by the store: then its tag is of something else.
    pub encrypted: bool,
}

/// What a writer puts beside an object with this content.
pub(super) fn label(content: &[u8], how: How) -> HashMap<String, String> {
    let word = [(CONTENT, Value::of(content).digest.to_string()), (TAG, tag_of(content, how))];
    word.map(|(name, word)| (name.to_owned(), word)).into()
}

/// The type that a writer gives to an object with this content: stores keep it apart from other metadata.
pub(super) fn content_type(content: &[u8]) -> String {
    type_of(Value::of(content).digest)
}

fn type_of(digest: Digest) -> String {
    format!("application/vnd.steadfast.{digest}")
}

/// What a writer is told that wrote this, by the tag that it is given.
pub(super) fn acknowledged(content: &[u8], how: How, tag: Option<&str>, encrypted: bool) -> Answer {
    let metadata = label(content, how);
    let beside = Beside { metadata: Some(&metadata), content_type: None, tag, encrypted };
    if beside.tag_fits() { Answer::Done } else { Answer::Mislabelled(Value::of(content)) }
}

/// The parts of what is uploaded in parts.
pub(super) fn parts(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let turn = usize::from(Value::of(content).digest.turn(PARTS.len() as u8));
    content.chunks(content.len().div_ceil(PARTS.get(turn).copied().unwrap_or(2)).max(1))
}

/// The tag that S3 gives to a content; of one that was uploaded in parts it tells how many there were.
fn tag_of(content: &[u8], how: How) -> String {
    if how == How::Parts {
        let hashes: Vec<u8> = parts(content).flat_map(Md5::digest).collect();
        return format!("{}-{}", hex(&Md5::digest(&hashes)), parts(content).count());
    }
    hex(&Md5::digest(content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Beside<'_> {
    /// What this says of a content that was found.
    pub fn answer(&self, found: Value) -> Answer {
        let said = self.metadata.and_then(|metadata| metadata.get(CONTENT));
        let fits = said.is_some_and(|said| *said == found.digest.to_string());
        if fits && self.fits(found.digest) { Answer::Found(found) } else { Answer::Mislabelled(found) }
    }

    /// What this says by itself of something so long.
    pub fn answer_alone(&self, size: u64) -> Answer {
        let said = self.metadata.and_then(|metadata| metadata.get(CONTENT));
        match said.and_then(|said| said.parse().ok()) {
            Some(digest) if self.fits(digest) => Answer::Found(Value { size, digest }),
            Some(digest) => Answer::Mislabelled(Value { size, digest }),
            None => Answer::There,
        }
    }

    /// Whether the type and the tag belong to what the writer says.
    fn fits(&self, digest: Digest) -> bool {
        // Who stands before a store may add of which characters it is.
        let content_type = self.content_type.and_then(|found| found.split(';').next());
        content_type.map(str::trim_end) == Some(&*type_of(digest)) && self.tag_fits()
    }

    /// Whether the tag is the one that belongs to what the writer says. Where a store has tags of another form, they are its own.
    fn tag_fits(&self) -> bool {
        let written = self.metadata.and_then(|metadata| metadata.get(TAG));
        let (Some(tag), Some(written), false) = (self.tag, written, self.encrypted) else { return true };
        let tag = tag.trim_matches('"');
        let form =
            |tag: &str| tag.bytes().map(|byte| if byte == b'-' { '-' } else { '0' }).collect::<String>();
        tag == written || form(tag) != form(written)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_lies_beside_an_object_is_of_it() {
        let content = [7; 100];
        let found = Value::of(&content);
        let typed = |label: &HashMap<String, String>, content_type: &str, tag: &str, encrypted| {
            let beside =
                Beside { metadata: Some(label), content_type: Some(content_type), tag: Some(tag), encrypted };
            (beside.answer(found), beside.answer_alone(100))
        };
        let told = |label: &HashMap<String, String>, tag: &str, encrypted| {
            typed(label, &content_type(&content), tag, encrypted)
        };
        let right = (Answer::Found(found), Answer::Found(found));
        let wrong = (Answer::Mislabelled(found), Answer::Mislabelled(found));
        let whole = label(&content, How::Whole);
        let quoted = format!("\"{}\"", whole[TAG]);
        assert_eq!(told(&whole, &quoted, false), right);
        let another = hex(&Md5::digest(b"another"));
        assert_eq!(told(&whole, &another, false), wrong);
        assert_eq!(typed(&whole, &content_type(b"another"), &quoted, false), wrong);
        assert_eq!(typed(&whole, "application/octet-stream", &quoted, false), wrong);
        let charset = format!("{}; charset=utf-8", content_type(&content));
        assert_eq!(typed(&whole, &charset, &quoted, false), right);
        assert_eq!(typed(&whole, "application/octet-stream; charset=utf-8", &quoted, false), wrong);
        // Not a tag of this form, or one of what the store keeps instead.
        assert_eq!(told(&whole, "etag-1", false), right);
        assert_eq!(told(&whole, &another, true), right);
        let in_parts = label(&content, How::Parts);
        let (_, count) = in_parts[TAG].split_once('-').unwrap();
        assert_eq!(told(&in_parts, &in_parts[TAG].clone(), false), right);
        assert_eq!(told(&in_parts, &format!("{another}-{count}"), false), wrong);
        // Of another object, or lost.
        let other = label(b"another", How::Whole);
        let alone = Answer::Found(Value { size: 100, ..Value::of(b"another") });
        let of_the_other = typed(&other, &content_type(b"another"), &another, false);
        assert_eq!(of_the_other, (Answer::Mislabelled(found), alone));
        assert_eq!(told(&HashMap::new(), &quoted, false), (Answer::Mislabelled(found), Answer::There));
    }

    #[test]
    fn tags_are_those_of_s3() {
        assert_eq!(tag_of(b"", How::Whole), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(parts(b"").count(), 0);
        let contents: Vec<Vec<u8>> = (0..64).map(|byte| vec![byte; 64]).collect();
        let counts: BTreeSet<usize> = contents.iter().map(|content| parts(content).count()).collect();
        assert_eq!(counts, [2, 3, 11].into());
        for content in &contents {
            assert_eq!(parts(content).flatten().copied().collect::<Vec<u8>>(), *content);
            let tag = tag_of(content, How::Parts);
            assert!(tag.ends_with(&format!("-{}", parts(content).count())), "{tag}");
        }
    }
}
