//! Which files were captured where.

use std::path::{Path, PathBuf};

use sipcap::points::Points;

/// The longest name of a point.
const MAX_NAME: usize = 64;

/// Names of capture points.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Capture point options")]
pub(crate) struct PointArgs {
    /// Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap
    ///
    /// FILES are files or directories with commas between them, or a pattern such as 'edge/ring*.pcap', which is to be
    /// quoted.
    #[arg(long = "point", value_name = "NAME=FILES", value_parser = parse_point)]
    points: Vec<PointFiles>,
    /// Take the interfaces of pcapng files for capture points, by their names
    ///
    /// This is always so for files that sipcap merge wrote.
    #[arg(long)]
    interface_points: bool,
    /// Put the clocks of capture points and capture agents right by messages that several of them have seen
    ///
    /// The clock of the first point counts; agents come behind all points and the wire. What the others are off by is told on
    /// standard error, and by sipcap info without this option. All is read twice.
    #[arg(long)]
    align_clocks: bool,
}

/// A capture point and its files.
#[derive(Clone, Debug)]
struct PointFiles {
    name: String,
    files: Vec<PathBuf>,
}

impl PointArgs {
    /// Returns the named files with those of the points behind them.
    pub(crate) fn paths(&self, named: &[PathBuf]) -> Vec<PathBuf> {
        let files = self.points.iter().flat_map(|point| &point.files);
        named.iter().chain(files).cloned().collect()
    }

    /// Returns the points of inputs that are found under those paths, of which so many were named otherwise.
    pub(crate) fn of(&self, named: usize) -> Points {
        let mut points = Points::default();
        if self.interface_points {
            points.take_interfaces();
        }
        let names = self
            .points
            .iter()
            .flat_map(|point| point.files.iter().map(|_| &point.name));
        for (path, name) in (named..).zip(names) {
            points.name(path, name);
        }
        points
    }

    /// Returns whether clocks are to be put right.
    pub(crate) const fn aligns_clocks(&self) -> bool {
        self.align_clocks
    }
}

/// Reads NAME=FILES.
fn parse_point(text: &str) -> Result<PointFiles, String> {
    let (name, files) = text
        .split_once('=')
        .ok_or("expected a name and its files, such as edge=edge1.pcap,edge2.pcap")?;
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(format!(
            "a point has a name of 1 to {MAX_NAME} octets, without control characters"
        ));
    }
    let mut paths = Vec::new();
    for file in files.split(',').filter(|file| !file.is_empty()) {
        paths.extend(expand(file)?);
    }
    if paths.is_empty() {
        return Err(format!("{name} has no file"));
    }
    Ok(PointFiles {
        name: name.to_owned(),
        files: paths,
    })
}

/// Returns the files that a pattern in the last part of a path means, in name order; any other path as it is.
fn expand(text: &str) -> Result<Vec<PathBuf>, String> {
    let path = Path::new(text);
    let pattern = path.file_name().unwrap_or_default().to_string_lossy();
    if path.exists() || !pattern.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let entries = std::fs::read_dir(directory.unwrap_or_else(|| Path::new(".")))
        .map_err(|error| format!("{text}: {error}"))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(|error| format!("{text}: {error}"))?
            .file_name();
        if matches(pattern.as_bytes(), name.to_string_lossy().as_bytes()) {
            files.push(directory.map_or_else(|| PathBuf::from(&name), |dir| dir.join(&name)));
        }
    }
    files.sort_unstable();
    if files.is_empty() {
        return Err(format!("no file is like {text}"));
    }
    Ok(files)
}

/// Returns whether a name is like a pattern, in which * is any text and ? any octet; names that begin with a dot have to
/// be asked for by it.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    // Where the last * stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut done) = (0, 0);
    while let Some(octet) = name.get(done) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, done));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == octet => {
                at += 1;
                done += 1;
            }
            _ => match &mut star {
                Some((behind, taken)) => {
                    *taken += 1;
                    (at, done) = (*behind, *taken);
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|octet| *octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("ring*.pcap", "ring1.pcap", true),
            ("ring*.pcap", "ring.pcap", true),
            ("ring*.pcap", "ring1.pcap.gz", false),
            ("ring*.pcap*", "ring1.pcap.gz", true),
            ("*a*b", "xaabab", true),
            ("*a*b", "xaaba", false),
            ("ring?.pcap", "ring1.pcap", true),
            ("ring?.pcap", "ring12.pcap", false),
            ("*", ".hidden", false),
            (".h*", ".hidden", true),
            ("*", "", true),
        ] {
            let found = matches(pattern.as_bytes(), name.as_bytes());
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }

    #[test]
    fn points_have_a_name_and_files() {
        let point = parse_point("edge=a=1.pcap,b").unwrap();
        assert_eq!(point.name, "edge");
        assert_eq!(point.files, [Path::new("a=1.pcap"), Path::new("b")]);
        for bad in ["edge", "=a", "edge=", "e\u{7}=a", "edge=nowhere/*.pcap"] {
            assert!(parse_point(bad).is_err(), "{bad}");
        }
    }
}
