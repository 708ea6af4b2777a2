//! Names that are not there, and which ones were meant.

use super::Schema;

/// How many names a hint tells at most.
const MOST: usize = 6;

/// How many names are few enough to be told all.
const FEW: usize = 12;

/// How long a name may be that is compared with others.
const LONGEST: usize = 64;

/// Returns a hint for a name that `schema` has not.
pub(in crate::filter) fn hint(name: &str, schema: &Schema<'_>) -> String {
    let names: Vec<&str> = schema.iter().map(|(name, _)| *name).collect();
    let mut parts = names.clone();
    parts.retain(|known| begins(known, name, '.'));
    if !parts.is_empty() {
        return format!("it has parts: {}", list(&parts, ", "));
    }
    nearest(name, &names).unwrap_or_else(|| match names.len() {
        0 => String::new(),
        1..=FEW => format!("there are: {}", names.join(", ")),
        _ => "sipcap-formats(7) lists the fields".to_owned(),
    })
}

/// Returns a question for those of `names` that may have been meant by `name`, if there are any.
pub(super) fn nearest(name: &str, names: &[&str]) -> Option<String> {
    let ending = |part| {
        let names = names.iter().copied();
        names.filter(move |known| known.rsplit('.').next() == Some(part))
    };
    // An `ip` may be that of the caller or the callee, `setup` is short for `setup_ms`.
    let short = names
        .iter()
        .copied()
        .filter(|known| begins(known, name, '_'));
    let mut meant: Vec<&str> = ending(name).chain(short).collect();
    if meant.is_empty() && name.len() <= LONGEST {
        let name = name.to_lowercase();
        let distances = names.iter().map(|known| {
            (
                strsim::damerau_levenshtein(&known.to_lowercase(), &name),
                *known,
            )
        });
        let nearest = distances.min_by_key(|(distance, _)| *distance);
        let near = nearest.filter(|(distance, known)| *distance <= (known.len() / 3).max(1));
        meant.extend(near.map(|(_, known)| known));
    }
    if meant.is_empty()
        && let Some((_, part)) = name.rsplit_once('.')
    {
        meant.extend(ending(part));
    }
    (!meant.is_empty()).then(|| format!("did you mean {}?", list(&meant, " or ")))
}

fn begins(known: &str, name: &str, separator: char) -> bool {
    known
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(separator))
}

fn list(names: &[&str], separator: &str) -> String {
    let mut text = names
        .iter()
        .take(MOST)
        .copied()
        .collect::<Vec<_>>()
        .join(separator);
    if names.len() > MOST {
        text.push_str(" ...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::Kind, *};

    #[test]
    fn hints_tell_what_was_meant() {
        let schema: Vec<(&str, Kind)> = [
            "type",
            "caller.ip",
            "caller.port",
            "callee.ip",
            "callee.port",
            "setup_ms",
            "pdd_ms",
            "pdd_net_ms",
            "outcome",
            "status",
            "reason",
            "cause",
            "flags",
        ]
        .map(|name| (name, Kind::Text))
        .to_vec();
        for (name, expected) in [
            ("caller", "it has parts: caller.ip, caller.port"),
            ("ip", "did you mean caller.ip or callee.ip?"),
            ("setup", "did you mean setup_ms?"),
            ("pdd", "did you mean pdd_ms or pdd_net_ms?"),
            ("outcmoe", "did you mean outcome?"),
            ("Status", "did you mean status?"),
            ("caler.ip", "did you mean caller.ip?"),
            ("status.ip", "did you mean caller.ip or callee.ip?"),
            ("caller_ip", "did you mean caller.ip?"),
            ("whatever", "sipcap-formats(7) lists the fields"),
        ] {
            assert_eq!(hint(name, &schema), expected);
        }
        assert_eq!(
            hint("x", &schema[..3]),
            "there are: type, caller.ip, caller.port"
        );
        assert_eq!(hint("x", &[]), "");
    }
}
