//! Texts with fields of a row in them: `{start}_{caller}_{call_id}`.

use crate::filter::{Schema, Value, expression};

/// A text in which `{name}` stands for a field, and `{{` and `}}` for braces.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// A field, by its place in the schema.
    Field(usize),
}

impl Template {
    /// Returns the template that `text` says, over fields of `schema`.
    ///
    /// # Errors
    /// When a brace has no other one, or a field is not there; the error says what to write instead.
    pub fn compile(text: &str, schema: &Schema<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(behind) = from.strip_prefix("{{") {
                literal.push('{');
                rest = behind;
            } else if let Some(behind) = from.strip_prefix("}}") {
                literal.push('}');
                rest = behind;
            } else if let Some((name, behind)) =
                from.strip_prefix('{').and_then(|from| from.split_once('}'))
            {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Field(place(name, schema)?));
                rest = behind;
            } else {
                return Err(format!(
                    "a brace has no other one at {from:?}; a field is written {{name}}, a brace {{{{ or }}}}"
                ));
            }
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        Ok(Self { parts })
    }

    /// Returns whether it has the field at `index` of the schema.
    #[must_use]
    pub fn has(&self, index: usize) -> bool {
        let is_it = |part: &Part| matches!(part, Part::Field(field) if *field == index);
        self.parts.iter().any(is_it)
    }

    /// Returns the text with the values that `field` has for places in the schema; `none` stands for what is not known.
    pub fn render<'v>(&self, field: impl Fn(usize) -> Value<'v>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Field(index) => push(&field(*index), &mut text),
            }
        }
        text
    }
}

fn place(name: &str, schema: &Schema<'_>) -> Result<usize, String> {
    schema
        .iter()
        .position(|(known, _)| *known == name)
        .ok_or_else(|| {
            format!(
                "there is no field {name}; {}",
                expression::hint(name, schema)
            )
        })
}

fn push(value: &Value<'_>, text: &mut String) {
    match value {
        Value::Null => text.push_str("none"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => text.push_str(&value.to_string()),
        Value::Float(value) => text.push_str(&value.to_string()),
        Value::Text(value) => text.push_str(value),
        Value::Time(value) => text.push_str(&compact(value.rfc3339().as_str())),
        Value::List(values) if values.is_empty() => text.push_str("none"),
        Value::List(values) => {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push('+');
                }
                push(value, text);
            }
        }
    }
}

/// Returns a time without what makes it long: `20260115T100110.123Z`.
fn compact(time: &str) -> String {
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let digits = seconds.chars().filter(|c| !matches!(c, '-' | ':'));
    let mut text: String = digits.collect();
    text.push('.');
    text.push_str(fraction.get(..3).unwrap_or_default());
    text.push('Z');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{filter::Kind, time::Timestamp};

    const SCHEMA: [(&str, Kind); 4] = [
        ("call_id", Kind::Text),
        ("status", Kind::Number),
        ("ts", Kind::Time),
        ("flags", Kind::List(&Kind::Text)),
    ];

    fn field(index: usize) -> Value<'static> {
        match index {
            0 => "a@b".into(),
            2 => Value::Time(Timestamp::from_nanos(1_768_471_270_123_456_789)),
            3 => ["x", "y"].into_iter().collect(),
            _ => Value::Null,
        }
    }

    #[test]
    fn fields_take_the_place_of_their_names() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{call_id}", "a@b"),
            ("{{{status}}}-{flags}", "{none}-x+y"),
            // date -u -d @1768471270
            ("{ts}_{call_id}.x", "20260115T100110.123Z_a@b.x"),
        ] {
            let template = Template::compile(text, &SCHEMA).unwrap();
            assert_eq!(template.render(field), expected);
        }
        let template = Template::compile("{status}", &SCHEMA).unwrap();
        assert!(template.has(1) && !template.has(0));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("{statsu}", "there is no field statsu; did you mean status?"),
            ("{call_id", "a brace has no other one at \"{call_id\"; "),
            ("a}b", "a brace has no other one at \"}b\"; "),
        ] {
            let error = Template::compile(text, &SCHEMA).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
