//! File names from Call-IDs, whatever those are.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    path::PathBuf,
};

use hashbrown::HashSet;

/// Longer names are cut; with hash and suffix they stay far below the 255 octets of all file systems.
const MAX_LEN: usize = 100;

/// With more files than this they are spread over directories, since file systems become slow with flat ones.
const MANY_FILES: usize = 10_000;

/// Returns `call_id` as a part of a path that is safe everywhere: letters, digits and `._@-` stay, all other octets
/// become `%XX`. It has no leading dot or hyphen, is never empty, and is cut with a hash of the whole when it is long.
///
/// # Examples
/// ```
/// assert_eq!(sipcap::split::sanitize(b"a84b4c@pc33.atlanta.com"), "a84b4c@pc33.atlanta.com");
/// assert_eq!(sipcap::split::sanitize(b"../etc/passwd"), "%2E.%2Fetc%2Fpasswd");
/// ```
#[must_use]
pub fn sanitize(call_id: &[u8]) -> String {
    let mut name = String::with_capacity(call_id.len());
    for (index, &octet) in call_id.iter().enumerate() {
        let stays = octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'@' | b'-' | b'.');
        if stays && !(index == 0 && matches!(octet, b'.' | b'-')) {
            name.push(char::from(octet));
        } else {
            name.push_str(&format!("%{octet:02X}"));
        }
        if name.len() > MAX_LEN {
            name.truncate(MAX_LEN);
            return format!("{name}-{:08x}", hash(call_id));
        }
    }
    if name.is_empty() {
        return "no-call-id".to_owned();
    }
    if is_reserved(&name) {
        return format!("{name}-{:08x}", hash(call_id));
    }
    name
}

/// Returns whether Windows takes a name for a device.
fn is_reserved(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let numbered = |kind: &str| {
        stem.strip_prefix(kind)
            .is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Gives every Call-ID of a run a file name of its own, also where upper and lower case are the same.
#[derive(Debug)]
pub struct FileNames {
    taken: HashSet<String>,
    are_many: bool,
}

impl FileNames {
    /// Returns names for so many files.
    #[must_use]
    pub fn new(files: usize) -> Self {
        Self {
            taken: HashSet::with_capacity(files),
            are_many: files > MANY_FILES,
        }
    }

    /// Returns the path for a Call-ID, below the directory of the run.
    pub fn name(&mut self, call_id: &[u8], suffix: &str) -> PathBuf {
        let mut name = sanitize(call_id);
        let mut again = 0_u32;
        while !self.taken.insert(name.to_ascii_lowercase()) {
            name = format!(
                "{}-{:08x}",
                sanitize(call_id),
                hash(call_id).wrapping_add(again)
            );
            again = again.wrapping_add(1);
        }
        name.push('.');
        name.push_str(suffix);
        if self.are_many {
            directory(call_id).join(name)
        } else {
            PathBuf::from(name)
        }
    }

    /// Returns the directories that names are in, if they are not all in one.
    pub fn directories(&self) -> impl Iterator<Item = PathBuf> {
        let count = if self.are_many { 256 } else { 0 };
        (0..count).map(|number| PathBuf::from(format!("{number:02x}")))
    }
}

fn directory(call_id: &[u8]) -> PathBuf {
    PathBuf::from(format!("{:02x}", hash(call_id) & 0xff))
}

/// FNV-1a: names must be the same on every machine and with every version.
fn hash(octets: &[u8]) -> u32 {
    struct Fnv(u32);
    impl Default for Fnv {
        fn default() -> Self {
            Self(0x811c_9dc5)
        }
    }
    impl Hasher for Fnv {
        fn write(&mut self, octets: &[u8]) {
            for octet in octets {
                self.0 = (self.0 ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
            }
        }
        fn finish(&self) -> u64 {
            u64::from(self.0)
        }
    }
    let mut hasher = BuildHasherDefault::<Fnv>::default().build_hasher();
    hasher.write(octets);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        for (call_id, name) in [
            (&b"abc@10.0.0.1"[..], "abc@10.0.0.1"),
            (b".", "%2E"),
            (b"..", "%2E."),
            (b".hidden", "%2Ehidden"),
            (b"-rf", "%2Drf"),
            (b"a/b\\c", "a%2Fb%5Cc"),
            (b"a b\0\xff\n", "a%20b%00%FF%0A"),
            (b"100%", "100%25"),
            (b"", "no-call-id"),
        ] {
            assert_eq!(sanitize(call_id), name);
        }
        assert!(sanitize(b"NUL").starts_with("NUL-"));
        assert!(sanitize(b"com1.x").starts_with("com1.x-"));
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        let (one, other) = ([b'a'; 300], [[b'a'; 299].as_slice(), b"b"].concat());
        assert!(sanitize(&one).len() <= MAX_LEN + 9);
        assert_ne!(sanitize(&one), sanitize(&other));
    }

    #[test]
    fn no_two_call_ids_share_a_file() {
        let mut names = FileNames::new(4);
        let all =
            [&b"Abc"[..], b"aBC", b"", b"no-call-id"].map(|call_id| names.name(call_id, "pcap"));
        let lower: HashSet<_> = all
            .iter()
            .map(|path| path.display().to_string().to_lowercase())
            .collect();
        assert_eq!(lower.len(), 4, "{all:?}");
        assert_eq!(all[0], PathBuf::from("Abc.pcap"));
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of the FNV reference (draft-eastlake-fnv).
        assert_eq!(
            (hash(b""), hash(b"a"), hash(b"foobar")),
            (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968)
        );
    }
}
