//! A row as JSON: what `serde_json` writes, octet for octet, but faster for what rows are made of, which is many short
//! texts.

use serde::{
    Serialize, Serializer,
    ser::{
        Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
        SerializeTupleStruct,
    },
};
use serde_json::Error;

/// Appends a value to `output`.
///
/// # Errors
/// When it holds what no row does: enums with fields, or maps whose keys are no texts.
pub(super) fn encode(output: &mut Vec<u8>, value: &impl Serialize) -> Result<(), Error> {
    value.serialize(Encoder { output })
}

/// Writes one value.
struct Encoder<'a> {
    output: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn integer(self, integer: impl itoa::Integer) -> Result<(), Error> {
        let mut digits = itoa::Buffer::new();
        self.raw(digits.format(integer).as_bytes())
    }

    fn raw(self, text: &[u8]) -> Result<(), Error> {
        self.output.extend_from_slice(text);
        Ok(())
    }

    /// What hardly any row has is not worth code of its own.
    fn rare(self, value: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(self.output, value)
    }
}

/// Writes what consists of other values.
struct Compound<'a> {
    output: &'a mut Vec<u8>,
    is_first: bool,
    /// What ends it.
    end: u8,
}

impl<'a> Compound<'a> {
    fn begin(output: &'a mut Vec<u8>, begin: u8, end: u8) -> Self {
        output.push(begin);
        Self {
            output,
            is_first: true,
            end,
        }
    }

    #[inline]
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.output.push(b',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        value.serialize(Encoder {
            output: self.output,
        })
    }

    #[inline]
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.separate();
        // The name of a field of a struct: there is nothing in it to escape.
        self.output.push(b'"');
        self.output.extend_from_slice(name.as_bytes());
        self.output.push(b'"');
        self.value(value)
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.output.push(b':');
        value.serialize(Encoder {
            output: self.output,
        })
    }

    fn finish(self) {
        self.output.push(self.end);
    }
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.raw(if value { b"true" } else { b"false" })
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.rare(&value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.rare(&value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.rare(&value)
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        push_text(self.output, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.rare(&value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.raw(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.raw(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.raw(b"null")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(no_row(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::begin(self.output, b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::begin(self.output, b'[', b']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::begin(self.output, b'[', b']'))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(no_row(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::begin(self.output, b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::begin(self.output, b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(no_row(variant))
    }
}

/// Returns what to say of an enum that has fields.
fn no_row(variant: &'static str) -> Error {
    serde::ser::Error::custom(format_args!("{variant} has fields, which no row can hold"))
}

impl SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeTuple for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeTupleStruct for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.member(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.separate();
        let start = self.output.len();
        key.serialize(Encoder {
            output: self.output,
        })?;
        match self.output.get(start) {
            Some(b'"') => Ok(()),
            _ => Err(serde::ser::Error::custom("a name must be a text")),
        }
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

/// Appends a text in quotes, with what JSON does not allow in it escaped.
fn push_text(output: &mut Vec<u8>, text: &str) {
    output.reserve(text.len() + 2);
    output.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, [octet, behind @ ..])) = find_escaped(rest).map(|at| rest.split_at(at)) {
        output.extend_from_slice(plain);
        push_escaped(output, *octet);
        rest = behind;
    }
    output.extend_from_slice(rest);
    output.push(b'"');
}

/// Returns where the first octet is that must be escaped.
fn find_escaped(text: &[u8]) -> Option<usize> {
    // Nearly no text has any.
    if is_plain(text) {
        return None;
    }
    text.iter().position(is_escaped)
}

const fn is_escaped(octet: &u8) -> bool {
    *octet < b' ' || *octet == b'"' || *octet == b'\\'
}

/// Returns whether nothing is to be escaped, eight octets at a time.
fn is_plain(text: &[u8]) -> bool {
    let (words, tail) = text.as_chunks::<8>();
    if !words.iter().all(is_plain_word) {
        return false;
    }
    match text.last_chunk() {
        _ if tail.is_empty() => true,
        // The last eight once more.
        Some(last) => is_plain_word(last),
        None => !tail.iter().any(is_escaped),
    }
}

/// Returns whether none of eight octets is to be escaped.
const fn is_plain_word(word: &[u8; 8]) -> bool {
    const LOW: u64 = u64::MAX / 255;
    const HIGH: u64 = LOW << 7;
    let word = u64::from_le_bytes(*word);
    let quote = word ^ (LOW * b'"' as u64);
    let backslash = word ^ (LOW * b'\\' as u64);
    // The highest bit of an octet is set where it is below SP, or zero; there may be more above the first such octet.
    let control = word.wrapping_sub(LOW * b' ' as u64) & !word;
    let quote = quote.wrapping_sub(LOW) & !quote;
    let backslash = backslash.wrapping_sub(LOW) & !backslash;
    (control | quote | backslash) & HIGH == 0
}

#[cold]
fn push_escaped(output: &mut Vec<u8>, octet: u8) {
    let letter = match octet {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => octet,
        _ => {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 15)];
            output.extend_from_slice(b"\\u00");
            return output.extend_from_slice(&[digit(octet >> 4), digit(octet)]);
        }
    };
    output.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, net::IpAddr};

    use super::*;

    #[derive(Serialize)]
    struct Row<'a> {
        r#type: &'static str,
        text: &'a str,
        number: Option<i64>,
        ratio: f64,
        is_odd: bool,
        address: Option<IpAddr>,
        list: Vec<u16>,
        pair: (u8, char),
        #[serde(flatten)]
        inner: Inner<'a>,
        map: BTreeMap<&'a str, Inner<'a>>,
    }

    #[derive(Clone, Serialize)]
    struct Inner<'a> {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
    }

    fn encoded(value: &impl Serialize) -> String {
        let mut output = Vec::new();
        encode(&mut output, value).unwrap();
        String::from_utf8(output).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn rows_are_what_serde_json_makes_of_them(text in "\\PC{0,40}[\\x00-\\x7f]{0,20}\\PC{0,20}", number: Option<i64>, ratio: f64) {
            let inner = Inner { name: &text, left_out: None };
            let row = Row {
                r#type: "row",
                text: &text,
                number,
                ratio,
                is_odd: ratio < 0.0,
                address: number.map(|number| IpAddr::from((number as u32).to_be_bytes())),
                list: vec![1, 22, 333],
                pair: (7, '"'),
                inner: inner.clone(),
                map: [("", inner.clone()), (&text, inner)].into(),
            };
            proptest::prop_assert_eq!(encoded(&row), serde_json::to_string(&row).unwrap());
        }
    }

    #[test]
    fn what_no_row_holds_is_an_error() {
        #[derive(Serialize)]
        enum Other {
            Number(u8),
        }
        let mut output = Vec::new();
        assert!(encode(&mut output, &Other::Number(1)).is_err());
        assert!(encode(&mut output, &BTreeMap::from([(1, 2)])).is_err());
    }
}
