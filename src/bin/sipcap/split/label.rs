//! How files are called, and what they say about themselves.

use anyhow::bail;
use hashbrown::HashMap;
use sipcap::{
    filter::{Fields, Kind, Template, Value},
    report::CallRow,
    sip::uri::Uri,
    split::{self, Group, GroupFiles},
    text::{escape, printable},
};

use crate::split::CallNote;

/// Fields of names besides those of rows of calls: short forms of what is used most.
const OWN: [(&str, Kind); 4] = [
    ("start", Kind::Time),
    ("caller", Kind::Text),
    ("callee", Kind::Text),
    ("index", Kind::Number),
];

/// Stands for the number of a file, which is known in the end only.
const INDEX: &str = "\u{0}i";

/// Stands for NUL, so that no text from the wire has the number.
const NUL: &str = "\u{0}n";

/// How the names of files are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    template: Option<Template>,
    /// Which of the fields is the Call-ID.
    call_id: Option<usize>,
}

impl Labels {
    /// Reads what was asked for.
    pub(crate) fn new(pattern: Option<&str>) -> anyhow::Result<Self> {
        let Some(pattern) = pattern else {
            return Ok(Self::default());
        };
        let schema = [&OWN, CallRow::SCHEMA].concat();
        let template = Template::compile(pattern, &schema)
            .map_err(|error| anyhow::anyhow!("--name: {error}"))?;
        let tells = |name: &str| {
            let place = schema.iter().position(|(known, _)| *known == name);
            place.is_some_and(|place| template.has(place))
        };
        if !tells("call_id") && !tells("index") {
            bail!("--name {pattern:?} is not unique; add {{call_id}} or {{index}}");
        }
        Ok(Self {
            template: Some(template),
            call_id: schema.iter().position(|(name, _)| *name == "call_id"),
        })
    }

    /// Returns whether names have fields of calls in them.
    pub(crate) const fn need_calls(&self) -> bool {
        self.template.is_some()
    }

    /// Returns the name for a call, but for the number of its file.
    pub(crate) fn of_row(&self, row: &CallRow<'_>) -> Option<String> {
        let template = self.template.as_ref()?;
        let user = |uri: Option<&str>| match uri {
            Some(uri) => user(uri).into(),
            None => Value::Null,
        };
        let value = |place| match place {
            0 => Value::Time(row.ts),
            1 => user(row.caller.uri.as_deref()),
            2 => user(row.callee.uri.as_deref()),
            3 => INDEX.into(),
            _ => row.field(place - OWN.len()),
        };
        Some(template.render(|place| guarded(place, value(place))))
    }

    /// Returns the name for what is no call, but for the number of its file.
    fn of_group(&self, group: &GroupFiles<'_>) -> Option<String> {
        let template = self.template.as_ref()?;
        let first = group.frames().next();
        let value = |place| match place {
            0 => first.map_or(Value::Null, |frame| Value::Time(frame.ts)),
            3 => INDEX.into(),
            _ if self.call_id == Some(place) => escape(group.call_id).into(),
            _ => Value::Null,
        };
        Some(template.render(|place| guarded(place, value(place))))
    }
}

/// The labels of the files of a run: how they are made, and the calls of each group.
pub(crate) struct FileLabels<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) calls: &'a HashMap<Group, Vec<&'a CallNote>>,
}

impl FileLabels<'_> {
    fn notes(&self, group: &GroupFiles<'_>) -> &[&CallNote] {
        self.calls.get(&group.group).map_or(&[], Vec::as_slice)
    }
}

impl split::Labels for FileLabels<'_> {
    fn name(&self, group: &GroupFiles<'_>) -> Vec<u8> {
        let named = self.notes(group).iter().find_map(|note| note.name.clone());
        match named.or_else(|| self.labels.of_group(group)) {
            Some(name) => {
                let index = (u64::from(group.group) + 1).to_string();
                name.replace(INDEX, &index).replace(NUL, "\0").into_bytes()
            }
            None => group.call_id.to_vec(),
        }
    }

    fn comment(&self, group: &GroupFiles<'_>) -> String {
        comment(group, self.notes(group))
    }
}

/// Returns a value without what stands for the number of a file, unless it is that.
fn guarded(place: usize, value: Value<'_>) -> Value<'_> {
    match value {
        Value::Text(text) if place != 3 && text.contains('\0') => text.replace('\0', NUL).into(),
        Value::List(values) => {
            let values = values.into_iter();
            Value::List(values.map(|value| guarded(place, value)).collect())
        }
        value => value,
    }
}

/// Returns what a file says about itself: a line for each call.
fn comment(group: &GroupFiles<'_>, notes: &[&CallNote]) -> String {
    if notes.is_empty() {
        return format!("Call-ID: {}", one_line(group.call_id));
    }
    let line = |note: &&CallNote| {
        let call = &note.call;
        let call_id = printable(&call.call_id);
        let mut line = format!("Call-ID: {call_id}; outcome: {}", call.outcome);
        if let Some(status) = call.status {
            line.push_str(&format!(" ({status} {})", note.reason));
        }
        if let (Some(caller), Some(callee)) = (&call.caller, &call.callee) {
            let (caller, callee) = (printable(caller), printable(callee));
            line.push_str(&format!("; from {caller} to {callee}"));
        }
        line
    };
    notes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns a text from the wire as one line.
pub(super) fn one_line(text: &[u8]) -> String {
    printable(&escape(text)).into_owned()
}

/// Returns the user of a URI, or else its host.
fn user(uri: &str) -> String {
    let parsed = Uri::parse(uri.as_bytes());
    let part = parsed.user.unwrap_or(parsed.host);
    escape(part).into_owned()
}
