//! libpcap, loaded when somebody wants it: neither building nor reading files needs it.
//!
//! Of all of sipcap only this folder has `unsafe` code. What it hands out is safe: handles close themselves, octets are
//! borrowed from the handle they lie in, and texts are copied.
#![allow(
    unsafe_code,
    reason = "libpcap is a C library; each call says why it is sound"
)]

mod interface;
mod live;
mod program;
mod symbols;

use std::{
    ffi::{CStr, c_char},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
};

use self::symbols::Symbols;
pub use self::{
    interface::NetworkInterface,
    live::{Captured, LiveHandle, LiveOptions, LiveStats, Next},
    program::Program,
};
use crate::error::{Error, Result};

/// Under these names systems have it: Debian, the others, and those with development files.
#[cfg(target_os = "macos")]
const NAMES: &[&str] = &[
    "libpcap.A.dylib",
    "libpcap.dylib",
    "/usr/lib/libpcap.A.dylib",
];
#[cfg(not(target_os = "macos"))]
const NAMES: &[&str] = &["libpcap.so.0.8", "libpcap.so.1", "libpcap.so"];

/// The loaded library.
#[derive(Debug)]
pub struct Libpcap {
    symbols: Symbols,
    /// Compiling was not thread-safe before libpcap 1.8, and asks the system for names of hosts and ports.
    compiling: Mutex<()>,
}

impl Libpcap {
    /// Loads libpcap from `path`, or from where the system has it. It is loaded once and stays.
    ///
    /// # Errors
    ///
    /// When it is not there, is too old, or is something else; the error says how to install it.
    pub fn load(path: Option<&Path>) -> Result<&'static Self> {
        static LOADED: OnceLock<Libpcap> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded);
        }
        let named = path.map(|path| vec![path.to_owned()]);
        let paths = named.unwrap_or_else(|| NAMES.iter().map(PathBuf::from).collect());
        let mut first = None;
        for path in &paths {
            match Symbols::load(path) {
                Ok(symbols) => {
                    return Ok(LOADED.get_or_init(|| Self {
                        symbols,
                        compiling: Mutex::new(()),
                    }));
                }
                Err(what) => {
                    first.get_or_insert(what);
                }
            }
        }
        Err(Error::NoLibpcap {
            what: first.unwrap_or_default(),
            hint: install_hint(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
        })
    }

    /// Returns what the library calls itself.
    #[must_use]
    pub fn version(&self) -> String {
        // SAFETY: the function takes nothing and returns a string that lives as long as the library.
        unsafe { text((self.symbols.lib_version)()) }
    }
}

/// Returns the text of a C string, which may be null.
///
/// # Safety
///
/// `pointer` is null or leads to octets that end with a zero.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: the caller says that a zero ends it.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_string_lossy().trim().replace('\n', " ")
}

/// Returns how libpcap is installed on the system whose os-release file has this text.
fn install_hint(os_release: &str) -> String {
    const COMMANDS: &[(&[&str], &str)] = &[
        (&["alpine"], "apk add libpcap"),
        (&["arch"], "pacman -S libpcap"),
        (&["fedora", "rhel", "centos", "amzn"], "dnf install libpcap"),
        (&["suse", "opensuse"], "zypper install libpcap1"),
        (&["debian", "ubuntu"], "apt install libpcap0.8"),
    ];
    let of = |key: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let systems = format!("{} {}", of("ID="), of("ID_LIKE="));
    let command = systems.split([' ', '-']).find_map(|system| {
        let known = COMMANDS.iter().find(|(names, _)| names.contains(&system));
        known.map(|(_, command)| *command)
    });
    match command {
        Some(command) => format!("install it with: {command}"),
        None => "install it, for example with: apt install libpcap0.8, dnf install libpcap, apk add libpcap".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_that_of_the_distribution() {
        for (os_release, expected) in [
            ("ID=debian\nVERSION_ID=\"12\"\n", "apt install libpcap0.8"),
            (
                "NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                "apt install libpcap0.8",
            ),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                "dnf install libpcap",
            ),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
                "zypper install libpcap1",
            ),
            ("ID=alpine\n", "apk add libpcap"),
            ("ID=manjaro\nID_LIKE=arch\n", "pacman -S libpcap"),
        ] {
            assert_eq!(
                install_hint(os_release),
                format!("install it with: {expected}")
            );
        }
        assert!(install_hint("").contains("for example"));
    }

    #[test]
    fn what_is_not_there_is_told_with_the_way_to_get_it() {
        let path = Path::new("/nonexistent/libpcap.so");
        // A thread of another test may have loaded it before: then it stays loaded.
        if let Err(error) = Libpcap::load(Some(path)) {
            let text = error.to_string();
            assert!(text.contains("/nonexistent/libpcap.so"), "{text}");
            assert!(text.contains("install it"), "{text}");
        }
    }
}
