//! Reads what stands before the numbers: `[pack]`, `[identities]` and `[sources]`.

use crate::admission::IdentitySet;
use crate::bill::Part;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::calendar::YearStart;
use crate::register::Locality;
use crate::rules::pack::Document;
use crate::rules::pack::Identity;
use crate::rules::pack::IdentityDate;
use crate::rules::pack::Title;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::all;
use crate::rules::read::errors::quoted;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::source::ASSUMED;

/// The parts that the policy-scope ratio may be about.
const SCOPE_PARTS: [Part; 2] = [Part::InScope, Part::CopayFirst];

/// Within which localities a pack may ask for no referral.
const COMPLIANT: [Locality; 3] = [Locality::County, Locality::City, Locality::Province];

/// The table `[pack]`.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) title: Title,
    pub(super) admdvs: String,
    pub(super) insutype: Vec<String>,
    pub(super) span: Span,
    pub(super) counts_as_admission: Vec<String>,
    pub(super) benefit_year_start: YearStart,
    pub(super) identity_date: IdentityDate,
    pub(super) policy_scope: Vec<Part>,
    pub(super) compliant_within: Locality,
    pub(super) checked_on: Option<Day>,
}

pub(super) fn head(field: Field<'_>) -> Read<Head> {
    let path = field.errors().path();
    let mut keys = field.keys()?;
    let id = keys.must("id", id);
    let title = keys.must("title", title);
    let admdvs = keys.must("admdvs", |field| {
        let fits = |text: &str| matches!(text.len(), 2 | 4 | 6) && is_digits(text);
        field.spelt(fits, ("2, 4 or 6 digits", "2、4 或 6 位数字"))
    });
    let insutype = keys
        .must("insutype", |field| field.list_of(|one| one.spelt(is_digits, ("digits", "数字"))));
    let span = span(&mut keys);
    check_names(path, &id, &span, &keys);
    let counts_as_admission = keys.must("counts_as_admission", |field| field.list_of(Field::text));
    let benefit_year_start = keys.may("benefit_year_start", year_start);
    let identity_date = keys.may("identity_date", identity_date);
    let policy_scope =
        keys.may("policy_scope", |field| field.set_of(|one| one.one_of(&SCOPE_PARTS, Part::name)));
    let compliant_within =
        keys.may("compliant_within", |field| field.one_of(&COMPLIANT, Locality::name));
    let checked_on = keys.may("checked_on", Field::day);
    keys.finish();
    Ok(Head {
        id: id?,
        title: title?,
        admdvs: admdvs?,
        insutype: insutype?,
        span: span?,
        counts_as_admission: counts_as_admission?,
        benefit_year_start: benefit_year_start?.unwrap_or(YearStart::JANUARY),
        identity_date: identity_date?.unwrap_or(IdentityDate::Admission),
        policy_scope: policy_scope?.unwrap_or_else(|| vec![Part::InScope]),
        compliant_within: compliant_within?.unwrap_or(Locality::County),
        checked_on: checked_on?,
    })
}

/// Folder and file are named after the pack and its first day, so that nobody looks for it in vain.
fn check_names(path: &str, id: &Read<String>, span: &Read<Span>, keys: &Keys<'_>) {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    if let Some(id) = id.as_ref().ok().filter(|id| *id != folder) {
        let problem = Problem::FolderName { folder: folder.to_owned(), id: id.clone() };
        keys.report("id", problem);
    }
    let from = span.as_ref().ok().map(|span| span.from);
    if let Some(from) = from.filter(|from| file != format!("{from}.toml")) {
        keys.report("effective_from", Problem::FileName { file: file.to_owned(), from });
    }
}

/// An id that names folders and accumulators: of a pack or a step.
pub(super) fn id(field: Field<'_>) -> Read<String> {
    let plain = |text: &str| {
        text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    };
    field.spelt(plain, ("small letters, digits, `_` and `-`", "小写字母、数字、_ 或 -"))
}

/// Whether a text is digits and nothing else.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text in both languages.
pub(super) fn title(field: Field<'_>) -> Read<Title> {
    let mut keys = field.keys()?;
    let title = both_languages(&mut keys);
    keys.finish();
    title
}

fn both_languages(keys: &mut Keys<'_>) -> Read<Title> {
    let zh = keys.must("zh", Field::text);
    let en = keys.must("en", Field::text);
    Ok(Title { zh: zh?, en: en? })
}

fn span(keys: &mut Keys<'_>) -> Read<Span> {
    let from = keys.must("effective_from", Field::day);
    let to = keys.may("effective_to", Field::day);
    let span = Span { from: from?, to: to? };
    if span.is_in_order() {
        Ok(span)
    } else {
        Err(keys.report("effective_to", Problem::SpanOrder { span }))
    }
}

fn year_start(field: Field<'_>) -> Read<YearStart> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let text = field.text()?;
    YearStart::parse(&text)
        .ok_or_else(|| errors.report(&spot, Problem::YearStart { text: quoted(&text) }))
}

fn identity_date(field: Field<'_>) -> Read<IdentityDate> {
    let dates = [("admission", IdentityDate::Admission), ("discharge", IdentityDate::Discharge)];
    field.one_of(&dates, |(name, _)| name).map(|(_, date)| date)
}

/// The identities, in the order of their keys; sets of them go by their place.
pub(super) fn identities(keys: &mut Keys<'_>) -> Read<Vec<Identity>> {
    let Some(field) = keys.optional("identities") else {
        return Ok(Vec::new());
    };
    let mut declared = field.keys()?;
    let entries = declared.rest();
    if entries.len() > IdentitySet::MAX {
        return Err(declared.report("", Problem::TooMany { max: IdentitySet::MAX }));
    }
    all(entries.into_iter().map(|(key, field)| {
        let key = word(&key, &field);
        let mut keys = field.keys()?;
        let title = both_languages(&mut keys);
        let codes = keys.may("code", |field| field.set_of(Field::text));
        keys.finish();
        Ok(Identity { key: key?, title: title?, codes: codes?.unwrap_or_default() })
    }))
}

/// The documents, in the order of their ids.
pub(super) fn documents(keys: &mut Keys<'_>) -> Read<Vec<Document>> {
    let Some(field) = keys.optional("sources") else {
        return Ok(Vec::new());
    };
    all(field.keys()?.rest().into_iter().map(|(key, field)| {
        let id = word(&key, &field);
        let mut keys = field.keys()?;
        let document = keys.must("document", Field::text);
        let title = keys.may("title", Field::text);
        keys.finish();
        Ok(Document { id: id?, document: document?, title: title?.unwrap_or_default() })
    }))
}

/// What [`is_word`] asks for.
pub(super) const WORD: (&str, &str) =
    ("ASCII letters, digits, `_` and `-`", "英文字母、数字、_ 或 -");

/// A name that the file gives: a plain word, and never the one that marks an assumption.
fn word(text: &str, field: &Field<'_>) -> Read<String> {
    if is_word(text) && text != ASSUMED {
        return Ok(text.to_owned());
    }
    Err(field.report(Problem::Spelling { text: quoted(text), want: WORD }))
}

/// Whether a text is one plain word.
pub(super) fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.bytes().all(plain)
}
