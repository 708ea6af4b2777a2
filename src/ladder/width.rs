//! How wide text is: in columns of a terminal, and in a picture whose font nobody knows.

use crate::text::columns;

/// What a proportional font is at most as wide as: a hundredth of its size for each character from the space on. These are
/// the widths of DejaVu Sans, one of the widest fonts that `sans-serif` stands for.
const REGULAR: [u8; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75,
    79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36,
    64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// The same for bold text.
const BOLD: [u8; 95] = [
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 70, 40, 40, 84, 84, 84, 59, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 38, 78, 64, 100,
    84, 86, 74, 86, 78, 73, 69, 82, 78, 111, 78, 73, 73, 46, 37, 46, 84, 50, 50, 68, 72, 60, 72,
    68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72,
    37, 72, 84,
];

/// The same for text in which all characters are equally wide.
const MONOSPACE: usize = 61;

/// How a text is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Face {
    /// Upright.
    Regular,
    /// Bold.
    Bold,
    /// With characters that are equally wide.
    Mono,
}

/// Returns how many pixels a text takes at most.
pub(super) fn pixels(text: &str, face: Face, size: usize) -> usize {
    let hundredths: usize = text.chars().map(|c| advance(c, face)).sum();
    (hundredths * size).div_ceil(100)
}

fn advance(c: char, face: Face) -> usize {
    let table = match face {
        Face::Regular => &REGULAR,
        Face::Bold => &BOLD,
        Face::Mono if columns(c) < 2 => return MONOSPACE,
        Face::Mono => return 2 * MONOSPACE,
    };
    let known = (c as usize).checked_sub(0x20).and_then(|at| table.get(at));
    match known {
        Some(width) => usize::from(*width),
        None => 105,
    }
}

/// Returns as much of a text as fits into so many pixels, with an ellipsis if that is not all.
pub(super) fn fitted(text: &str, face: Face, size: usize, room: usize) -> String {
    let room = room * 100 / size.max(1);
    shortened(text, room, |c| advance(c, face))
}

/// Returns as much of a text as fits into so many columns, with an ellipsis if that is not all.
pub(super) fn cut(text: &str, room: usize) -> String {
    shortened(text, room, columns)
}

fn shortened(text: &str, room: usize, width: impl Fn(char) -> usize) -> String {
    let all: usize = text.chars().map(&width).sum();
    if all <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(width('…')) else {
        return String::new();
    };
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += width(*c);
        used <= room
    });
    let mut kept: String = kept.collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_to_what_fits() {
        for (text, room, expected) in [
            ("INVITE", 6, "INVITE"),
            ("INVITE", 5, "INVI…"),
            ("180 Ringing", 5, "180…"),
            ("電話です", 5, "電話…"),
            ("ab", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, room), expected);
        }
    }

    #[test]
    fn pixels_are_never_fewer_than_what_a_cut_text_takes() {
        let text = "Wide WWW and narrow iii, 電話 and é";
        for face in [Face::Regular, Face::Bold, Face::Mono] {
            for room in 0..300 {
                assert!(pixels(&fitted(text, face, 12, room), face, 12) <= room);
            }
        }
        // 12 pixels of DejaVu Sans: W is 0.989 em and i is 0.278 em wide.
        assert_eq!(pixels("WW", Face::Regular, 100), 198);
        assert_eq!(pixels("ii", Face::Regular, 100), 56);
    }
}
