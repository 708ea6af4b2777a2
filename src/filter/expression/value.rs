//! The values of fields, and how they compare.

use std::{borrow::Cow, cmp::Ordering};

use crate::time::Timestamp;

/// The value of a field.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Not known.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment.
    Time(Timestamp),
    /// Several values of one kind.
    List(Vec<Self>),
}

impl Value<'_> {
    /// Returns the same value, borrowed.
    pub(super) fn borrow(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Text(value) => Value::Text(Cow::Borrowed(value)),
            Self::Time(value) => Value::Time(*value),
            Self::List(values) => Value::List(values.iter().map(Self::borrow).collect()),
        }
    }

    /// Returns whether both are the same. Null is null and nothing else.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.equals(b))
            }
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// Returns how both are ordered, if they are.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other),
            (Self::Int(one), Self::Float(other)) => order_mixed(*one, *other),
            (Self::Float(one), Self::Int(other)) => {
                order_mixed(*other, *one).map(Ordering::reverse)
            }
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// Orders by value: turning the whole number into a float would lose digits past 2^53.
fn order_mixed(whole: i64, float: f64) -> Option<Ordering> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= END {
        Some(Ordering::Less)
    } else if float < -END {
        Some(Ordering::Greater)
    } else {
        let floor = float.floor();
        let is_fraction = float > floor;
        Some(whole.cmp(&(floor as i64)).then(if is_fraction {
            Ordering::Less
        } else {
            Ordering::Equal
        }))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Float(value as f64), Self::Int)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for Value<'_> {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Self::Text(value)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a, T: Into<Self>> FromIterator<T> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        use Ordering::{Equal, Greater, Less};
        const BIG: i64 = (1 << 53) + 1;
        for (whole, float, expected) in [
            (1, 1.0, Some(Equal)),
            (1, 1.5, Some(Less)),
            (-1, -1.5, Some(Greater)),
            (-2, -1.5, Some(Less)),
            (BIG, (1_i64 << 53) as f64, Some(Greater)),
            (i64::MAX, 9_223_372_036_854_775_808.0, Some(Less)),
            (i64::MIN, -9_223_372_036_854_775_808.0, Some(Equal)),
            (i64::MIN, f64::NEG_INFINITY, Some(Greater)),
            (i64::MAX, f64::INFINITY, Some(Less)),
            (0, -0.0, Some(Equal)),
            (0, f64::NAN, None),
        ] {
            let (whole, float) = (Value::Int(whole), Value::Float(float));
            assert_eq!(whole.order(&float), expected, "{whole:?} {float:?}");
            assert_eq!(float.order(&whole), expected.map(Ordering::reverse));
            assert_eq!(whole.equals(&float), expected == Some(Equal));
        }
    }

    #[test]
    fn rust_values_become_values() {
        for (value, expected) in [
            (Value::from(None::<i64>), "Null"),
            (Value::from(Some(5_u16)), "Int(5)"),
            (Value::from(u64::MAX), "Float(1.8446744073709552e19)"),
            (Value::from(2.5), "Float(2.5)"),
            (Value::from("a"), "Text(\"a\")"),
            (
                ["a", "b"].into_iter().collect(),
                "List([Text(\"a\"), Text(\"b\")])",
            ),
        ] {
            assert_eq!(format!("{value:?}"), expected);
        }
    }
}
