//! Checks in the format of JUnit, which test servers read, and as annotations of GitHub.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::check::CheckResult;

/// Writes the results as a test suite.
///
/// # Errors
/// When the output cannot be written.
pub fn write_junit(results: &[CheckResult], output: &mut impl Write) -> io::Result<()> {
    let failures = results.iter().filter(|result| !result.has_passed()).count();
    let tests = results.len();
    writeln!(output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        output,
        "<testsuites tests=\"{tests}\" failures=\"{failures}\">"
    )?;
    writeln!(
        output,
        "  <testsuite name=\"sipcap stats\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    )?;
    for result in results {
        let name = xml(&result.check);
        write!(
            output,
            "    <testcase classname=\"sipcap.stats\" name=\"{name}\""
        )?;
        if result.has_passed() {
            writeln!(output, "/>")?;
        } else {
            let summary = result.summary();
            let summary = xml(&summary);
            writeln!(
                output,
                ">\n      <failure message=\"{summary}\"/>\n    </testcase>"
            )?;
        }
    }
    writeln!(output, "  </testsuite>\n</testsuites>")
}

/// Returns the line that lets GitHub show a failure.
#[must_use]
pub fn github_annotation(result: &CheckResult) -> String {
    let escape = |text: &str| {
        let text = text.replace('%', "%25");
        text.replace('\r', "%0D").replace('\n', "%0A")
    };
    format!("::error title=sipcap stats::{}", escape(&result.summary()))
}

/// Returns text for an XML document; characters that no document may have become question marks.
pub(super) fn xml(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !matches!(c, '<' | '>' | '&' | '"' | '\'') && is_char(c);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if is_char(c) => safe.push(c),
            _ => safe.push('?'),
        }
    }
    Cow::Owned(safe)
}

/// Returns whether a document may have a character, and it stays what it is in an attribute.
const fn is_char(c: char) -> bool {
    matches!(c, ' '..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::statistics::check::Verdict;

    #[test]
    fn nothing_breaks_out() {
        let result = CheckResult {
            check: "a < 1 && \"x\"\n%\u{1b}".to_owned(),
            verdict: Verdict::Failed,
            values: vec![("a".to_owned(), "2".to_owned())],
        };
        let mut output = Vec::new();
        write_junit(std::slice::from_ref(&result), &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        assert!(
            text.contains("name=\"a &lt; 1 &amp;&amp; &quot;x&quot;?%?\""),
            "{text}"
        );
        assert!(text.contains("failures=\"1\""));
        let annotation = github_annotation(&result);
        assert_eq!(annotation.lines().count(), 1);
        assert!(annotation.starts_with("::error title=sipcap stats::a < 1 && \"x\"%0A%25"));
    }
}
