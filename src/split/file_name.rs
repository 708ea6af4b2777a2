//! File names from Call-IDs, whatever those are.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    path::{Path, PathBuf},
};

use hashbrown::{HashMap, HashSet};

/// Longer names are cut; with hash and suffix they stay far below the 255 octets of all file systems.
const MAX_LEN: usize = 100;

/// With more files than this they are spread over directories, since file systems become slow with flat ones.
const MANY_FILES: usize = 10_000;

/// Returns `call_id` as a part of a path that is safe everywhere: letters, digits and `._@+-` stay, all other octets
/// become `%XX`. It has no leading dot or hyphen, is never empty, and is cut with a hash of the whole when it is long.
///
/// # Examples
/// ```
/// assert_eq!(sipcap::split::sanitize(b"a84b4c@pc33.atlanta.com"), "a84b4c@pc33.atlanta.com");
/// assert_eq!(sipcap::split::sanitize(b"../etc/passwd"), "%2E.%2Fetc%2Fpasswd");
/// ```
#[must_use]
pub fn sanitize(call_id: &[u8]) -> String {
    let mut name = String::with_capacity(call_id.len().min(MAX_LEN) + 16);
    for (index, &octet) in call_id.iter().enumerate() {
        let stays =
            octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'@' | b'-' | b'.' | b'+');
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
    let stem = name.split('.').next().unwrap_or_default();
    if !matches!(stem.len(), 3 | 4) {
        return false;
    }
    let stem = stem.to_ascii_lowercase();
    let numbered = |kind: &str| {
        stem.strip_prefix(kind)
            .is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// How the files of a run are called.
#[derive(Clone, Debug)]
pub struct NameStyle {
    /// What names begin with.
    pub prefix: String,
    /// What they have behind the part of their own.
    pub suffix: String,
    /// What they end with, behind a dot; `None` is what is usual for each.
    pub extension: Option<String>,
    /// Over how many directories they are spread; `None` is 256 for more than 10 000 files.
    pub directories: Option<u32>,
}

/// Gives every file of a run a name of its own, also where upper and lower case are the same.
#[derive(Debug)]
pub struct FileNames {
    style: NameStyle,
    directories: u32,
    taken: HashSet<String>,
    /// What to try next for a name that was taken, by what it has in it and the hash of the Call-ID.
    next: HashMap<(String, u32), u32>,
}

impl FileNames {
    /// Returns names for so many files.
    #[must_use]
    pub fn new(style: NameStyle, files: usize) -> Self {
        let usual = if files > MANY_FILES { 256 } else { 0 };
        Self {
            directories: style.directories.unwrap_or(usual),
            style,
            taken: HashSet::with_capacity(files),
            next: HashMap::new(),
        }
    }

    /// Returns the path for a file below the directory of the run. Its name has `text` in it, made safe, and usually ends
    /// with `extension`. When it is taken, by another file of the run or as `is_taken` says, it gets a hash of `call_id`.
    pub fn name(
        &mut self,
        text: &[u8],
        call_id: &[u8],
        extension: &str,
        is_taken: impl Fn(&Path) -> bool,
    ) -> PathBuf {
        let base = sanitize(text);
        let path = self.path(&base, call_id, extension);
        if self.take(&path, &is_taken) {
            return path;
        }
        // Whoever has this base and this hash has tried all numbers below.
        let hash = hash(call_id);
        let key = (base.to_ascii_lowercase(), hash);
        let mut number = self.next.get(&key).copied().unwrap_or(hash);
        loop {
            let path = self.path(&format!("{base}-{number:08x}"), call_id, extension);
            number = number.wrapping_add(1);
            if self.take(&path, &is_taken) {
                self.next.insert(key, number);
                return path;
            }
        }
    }

    /// Returns the path of a file whose name has `own` in it.
    fn path(&self, own: &str, call_id: &[u8], extension: &str) -> PathBuf {
        let NameStyle { prefix, suffix, .. } = &self.style;
        let name = match self.style.extension.as_deref().unwrap_or(extension) {
            "" => format!("{prefix}{own}{suffix}"),
            extension => format!("{prefix}{own}{suffix}.{extension}"),
        };
        self.directory(call_id).join(name)
    }

    /// Takes a name, wherever it is, unless it is taken.
    fn take(&mut self, path: &Path, is_taken: impl Fn(&Path) -> bool) -> bool {
        let mut folded = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        folded.make_ascii_lowercase();
        let is_free = !self.taken.contains(&folded) && !is_taken(path);
        if is_free {
            self.taken.insert(folded);
        }
        is_free
    }

    /// Returns the directories that names are in, if they are not all in one.
    pub fn directories(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.directories).map(|number| self.numbered(number))
    }

    fn directory(&self, call_id: &[u8]) -> PathBuf {
        match hash(call_id).checked_rem(self.directories) {
            Some(number) => self.numbered(number),
            None => PathBuf::new(),
        }
    }

    /// Returns the directory with a number, in as many digits as the last one needs.
    fn numbered(&self, number: u32) -> PathBuf {
        let last = self.directories.saturating_sub(1).max(1);
        let digits = (last.ilog2() / 4 + 1) as usize;
        PathBuf::from(format!("{number:0digits$x}"))
    }
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

    fn style(directories: Option<u32>) -> NameStyle {
        NameStyle {
            prefix: "c_".to_owned(),
            suffix: "_x".to_owned(),
            extension: None,
            directories,
        }
    }

    #[test]
    fn no_two_call_ids_share_a_file() {
        let mut names = FileNames::new(style(None), 4);
        let mut name = |call_id: &[u8]| names.name(call_id, call_id, "pcap", |_| false);
        let all = [&b"Abc"[..], b"aBC", b"", b"no-call-id"].map(&mut name);
        let lower: HashSet<_> = all
            .iter()
            .map(|path| path.display().to_string().to_lowercase())
            .collect();
        assert_eq!(lower.len(), 4, "{all:?}");
        assert_eq!(all[0], PathBuf::from("c_Abc_x.pcap"));
        let other = names.name(b"free", b"free", "pcap", |path| {
            path == Path::new("c_free_x.pcap")
        });
        assert_ne!(other, PathBuf::from("c_free_x.pcap"));
    }

    #[test]
    fn calls_of_one_call_id_have_names_in_turn() {
        // The FNV-1a hash of "a" is e40c292c. As many as would take minutes if each tried the names of all before it.
        let mut names = FileNames::new(style(Some(0)), 200_000);
        let all: Vec<PathBuf> = (0..200_000)
            .map(|_| names.name(b"a", b"a", "pcap", |_| false))
            .collect();
        for (at, name) in [
            (0, "c_a_x.pcap"),
            (1, "c_a-e40c292c_x.pcap"),
            (2, "c_a-e40c292d_x.pcap"),
            (199_999, "c_a-e40f366a_x.pcap"),
        ] {
            assert_eq!(all[at], PathBuf::from(name));
        }
    }

    #[test]
    fn names_are_spread_over_directories() {
        for (directories, files, count, first) in [
            (None, 10_000, 0, None),
            (None, 10_001, 256, Some("00")),
            (Some(16), 1, 16, Some("0")),
            (Some(17), 1, 17, Some("00")),
            (Some(1), 1, 1, Some("0")),
            (Some(0), 1_000_000, 0, None),
        ] {
            let names = FileNames::new(style(directories), files);
            assert_eq!(names.directories().count(), count);
            assert_eq!(names.directories().next(), first.map(PathBuf::from));
        }
        // The FNV-1a hash of "a" is e40c292c.
        let mut names = FileNames::new(style(Some(256)), 1);
        assert_eq!(
            names.name(b"a", b"a", "pcap", |_| false),
            PathBuf::from("2c/c_a_x.pcap")
        );
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
