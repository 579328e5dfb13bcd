//! Leaves out of an encoded message what its reader does not look at, so that nobody decodes traces to drop them.

/// Fields that are left out of a message, and of the messages in it.
#[derive(Debug)]
pub(crate) struct Without {
    /// Tags of fields that are left out.
    pub(crate) tags: &'static [u32],
    /// Messages of which something is left out, by tag.
    pub(crate) within: &'static [(u32, Without)],
}

/// The same message without these fields. None if it is not well formed, which whoever decodes it whole can say better.
pub(crate) fn slimmed(message: &[u8], without: &Without) -> Option<Vec<u8>> {
    let mut slim = Vec::with_capacity(message.len() / 2);
    copy(message, without, &mut slim)?;
    Some(slim)
}

fn copy(message: &[u8], without: &Without, slim: &mut Vec<u8>) -> Option<()> {
    let mut rest = message;
    while !rest.is_empty() {
        let begins = rest;
        let key = varint(&mut rest)?;
        let tag = u32::try_from(key >> 3).ok()?;
        let content = match key & 7 {
            0 => {
                varint(&mut rest)?;
                None
            }
            1 => {
                rest = rest.get(8..)?;
                None
            }
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (content, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(content)
            }
            5 => {
                rest = rest.get(4..)?;
                None
            }
            _ => return None,
        };
        if without.tags.contains(&tag) {
            continue;
        }
        let within = without.within.iter().find(|(own, _)| *own == tag);
        match (content, within) {
            (Some(content), Some((_, within))) => {
                let inner = slimmed(content, within)?;
                put_varint(key, slim);
                put_varint(u64::try_from(inner.len()).ok()?, slim);
                slim.extend_from_slice(&inner);
            }
            _ => slim.extend_from_slice(begins.get(..begins.len() - rest.len())?),
        }
    }
    Some(())
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while let Ok(byte) = u8::try_from(value & 0x7f) {
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::proto;

    use prost::Message;

    const TITLES: Without =
        Without { tags: &[3], within: &[(12, Without { tags: &[2, 9, 14], within: &[] })] };

    fn statement() -> proto::Statement {
        let step = |id: &str| proto::StepResult {
            id: id.to_owned(),
            title: Some(proto::Title { zh: "基本".to_owned(), en: String::new() }),
            payment: "1.00".to_owned(),
            from: Some(proto::Parts::default()),
            basis: Some(proto::step_result::Basis::Share(proto::ShareTrace {
                eligible: "9".repeat(300),
                ..proto::ShareTrace::default()
            })),
            ..proto::StepResult::default()
        };
        proto::Statement {
            version: 300,
            benefit_year: -5,
            deposit_exempt: true,
            total: "300.00".to_owned(),
            steps: vec![step("basic"), step("major")],
            ..proto::Statement::default()
        }
    }

    #[test]
    fn what_is_left_out_is_gone_and_all_else_is_as_it_was() {
        let whole = statement();
        let slim = slimmed(&whole.encode_to_vec(), &TITLES).unwrap();
        let mut expected = whole.clone();
        expected.version = 0;
        for step in &mut expected.steps {
            (step.title, step.from, step.basis) = (None, None, None);
        }
        assert_eq!(proto::Statement::decode(slim.as_slice()).unwrap(), expected);
        let nothing = Without { tags: &[], within: &[] };
        assert_eq!(slimmed(&whole.encode_to_vec(), &nothing).unwrap(), whole.encode_to_vec());
    }

    #[test]
    fn what_is_cut_or_no_message_at_all_is_left_to_others() {
        let bytes = statement().encode_to_vec();
        // A message may end after any whole field; it never ends within one.
        let cut = (0..bytes.len()).filter(|end| slimmed(&bytes[..*end], &TITLES).is_none()).count();
        assert!(bytes.len() - 10 < cut, "{cut} of {}", bytes.len());
        for bad in
            [&b"\xff"[..], b"\x0b", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x09\x01"]
        {
            assert_eq!(slimmed(bad, &TITLES), None, "{bad:?}");
        }
    }
}
