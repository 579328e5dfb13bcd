//! Which trace a span belongs to: that of a `traceparent` (W3C Trace Context), or one of its own.

use crate::calendar::Moment;
use crate::traces::otlp::KeyValue;
use crate::traces::otlp::SERVER;
use crate::traces::otlp::Span;
use crate::traces::otlp::Status;

use std::time::Duration;

/// A trace, and the span in it that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    trace: [u8; 16],
    span: Option<[u8; 8]>,
    /// Whether it is recorded.
    pub(super) sampled: bool,
}

impl Parent {
    /// Reads a `traceparent`; none where it is not one.
    pub(super) fn read(text: Option<&str>) -> Option<Parent> {
        let mut parts = text?.split('-');
        let [version] = hex(parts.next()?)?;
        let (trace, span) = (hex(parts.next()?)?, hex(parts.next()?)?);
        let [flags] = hex(parts.next()?)?;
        let is_whole = version != 0xff && (version != 0 || parts.next().is_none());
        let is_named = trace != [0; 16] && span != [0; 8];
        (is_whole && is_named).then_some(Parent {
            trace,
            span: Some(span),
            sampled: flags & 1 == 1,
        })
    }

    /// A trace that begins here; none where the machine has no randomness.
    pub(super) fn none() -> Option<Parent> {
        Some(Parent { trace: random()?, span: None, sampled: true })
    }

    /// A span of the trace.
    pub(super) fn span(
        &self,
        name: String,
        (at, took): (Moment, Duration),
        attributes: Vec<KeyValue>,
        failed: bool,
    ) -> Span {
        let begun = u64::try_from(at.unix_millis()).unwrap_or_default().saturating_mul(1_000_000);
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        Span {
            trace_id: self.trace.to_vec(),
            span_id: random::<8>().unwrap_or_default().to_vec(),
            parent_span_id: self.span.map(|span| span.to_vec()).unwrap_or_default(),
            name,
            kind: SERVER,
            start_time_unix_nano: begun,
            end_time_unix_nano: begun.saturating_add(took),
            attributes,
            status: failed.then(Status::failed),
        }
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// Exactly so many bytes, in small hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? * 16 + digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_traceparent_is_read_strictly_and_what_is_none_begins_a_trace_of_its_own() {
        let read = |text: &str| Parent::read(Some(text));
        let parent = read(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert!(parent.sampled && parent.trace[..2] == [0x0a, 0xf7]);
        assert_eq!(parent.span.unwrap()[7], 0x31);
        assert!(!read(&format!("00-{TRACE}-{SPAN}-00")).unwrap().sampled);
        assert!(read(&format!("01-{TRACE}-{SPAN}-01-later")).is_some());
        for wrong in [
            String::new(),
            "x".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        let (one, two) = (Parent::none().unwrap(), Parent::none().unwrap());
        assert!(one.sampled && one.span.is_none() && one.trace != two.trace);
    }
}
