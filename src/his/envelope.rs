//! The envelope: what every request says of itself, and what every answer says of it. Facts of HN 4.3 tables 2 to 4.

use crate::calendar::Moment;
use crate::config::HisConfig;
use crate::config::HisInfcode;
use crate::his::json::Json;
use crate::id::FacilityId;
use crate::id::RequestId;
use crate::proto;
use crate::refusal::Refusal;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Numbers the answers of this process.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// A request, read.
#[derive(Debug)]
pub(super) struct Asked {
    /// The transaction (交易编号).
    pub(super) infno: String,
    /// Its name, unique within its facility (报文ID).
    pub(super) msgid: RequestId,
    /// Who asks (定点医药机构编号).
    pub(super) facility: FacilityId,
    /// Its name, as it says it.
    pub(super) facility_name: String,
    /// Where care is given (就医地医保区划).
    pub(super) place: String,
    /// Who asks (经办人).
    pub(super) operator: String,
    /// His name.
    pub(super) operator_name: String,
    /// Where from (设备编号).
    pub(super) terminal: String,
    /// What the envelope says besides, to be kept as given.
    pub(super) noted: Vec<proto::NamedText>,
    /// What is asked (交易输入).
    pub(super) input: Json,
    /// A file that was sent beside it (9101).
    pub(super) file: Option<Vec<u8>>,
    /// When it was received.
    pub(super) received: Moment,
}

/// The envelope of a body, with its input as it is read and as it was sent.
#[derive(Debug)]
pub(super) struct Opened {
    /// All of it but an input that is an object or a list.
    pub(super) envelope: Json,
    /// The input, once it is an object.
    pub(super) input: Json,
    /// The input as it was sent.
    pub(super) raw: String,
}

const JSON: (&str, &str) = ("a JSON envelope in UTF-8", "UTF-8 编码的 JSON 报文");
const A_MSGID: (&str, &str) =
    ("a message id of 1 to 30 signs", "1 至 30 个字符的报文ID,同一机构内不重复");
const A_FACILITY: (&str, &str) = ("the code of the facility", "定点医药机构编号");
const AN_INFNO: (&str, &str) = ("a transaction number", "交易编号,如 2304");

/// Longest message id. Unit: signs.
const MSGID_CHARS_MAX: usize = 30;

/// Reads a body, without asking what its transaction is.
pub(super) fn open(body: &[u8], config: &HisConfig) -> Result<Opened, Refusal> {
    let malformed = || Refusal::Malformed { field: "body".to_owned(), want: JSON };
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut envelope = Json::read(text).ok_or_else(malformed)?.renamed(&config.field_names);
    let mut raw = Json::raw_of(text, "input").unwrap_or_default().to_owned();
    // A text stays where it is: under another spelling of its name it is signed with the envelope.
    let is_tree = matches!(envelope.get("input"), Some(Json::Object(_) | Json::List(_)));
    let given = if is_tree { envelope.take("input") } else { envelope.get("input").cloned() };
    let input = match given {
        // Some send the input as a text that holds JSON.
        Some(Json::Text(text)) => {
            let want = JSON;
            let wrong = || Refusal::Malformed { field: "input".to_owned(), want };
            raw.clone_from(&text);
            Json::read(text.trim()).ok_or_else(wrong)?.renamed(&config.field_names)
        }
        Some(input) => input,
        None => Json::Object(Vec::new()),
    };
    Ok(Opened { envelope, input, raw })
}

impl Opened {
    /// Reads what every transaction needs.
    pub(super) fn asked(self, file: Option<Vec<u8>>, received: Moment) -> Result<Asked, Refusal> {
        let Opened { envelope, input, .. } = self;
        let malformed = |field: &str, want| Refusal::Malformed { field: field.to_owned(), want };
        let text = |name: &str| envelope.text_of(name).unwrap_or_default().to_owned();
        let infno = text("infno");
        let plain = infno.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if infno.is_empty() || 8 < infno.len() || !plain {
            return Err(malformed("infno", AN_INFNO));
        }
        let msgid = text("msgid");
        let short = msgid.chars().count() <= MSGID_CHARS_MAX;
        let msgid = RequestId::parse(&msgid).filter(|_| short);
        Ok(Asked {
            infno,
            msgid: msgid.ok_or_else(|| malformed("msgid", A_MSGID))?,
            facility: FacilityId::parse(&text("fixmedins_code"))
                .ok_or_else(|| malformed("fixmedins_code", A_FACILITY))?,
            facility_name: text("fixmedins_name"),
            place: place(&envelope),
            operator: text("opter"),
            operator_name: text("opter_name"),
            terminal: text("dev_no"),
            noted: noted(&envelope),
            input,
            file,
            received,
        })
    }
}

/// What of an envelope is kept with what is written.
const NOTED: [&str; 5] = ["cainfo", "signtype", "sign_no", "opter_name", "inf_time"];

fn noted(envelope: &Json) -> Vec<proto::NamedText> {
    let named = |name: &str| {
        let value = envelope.text_of(name)?.chars().take(NOTED_CHARS_MAX).collect();
        Some(proto::NamedText { name: name.to_owned(), value })
    };
    NOTED.into_iter().filter_map(named).collect()
}

/// Most of a field of the envelope that is kept. Unit: signs.
const NOTED_CHARS_MAX: usize = 1024;

impl Asked {
    /// Who writes, under the message id.
    pub(super) fn writer(&self) -> proto::Writer {
        proto::Writer {
            facility: self.facility.to_string(),
            request_id: self.msgid.to_string(),
            operator: self.operator.clone(),
            terminal: self.terminal.clone(),
        }
    }
}

/// Where care is given, as the envelope says it: six digits.
pub(super) fn place(envelope: &Json) -> String {
    let given = envelope.text_of("mdtrtarea_admvs").or(envelope.text_of("mdtrtarea_admdvs"));
    let is_place = |text: &&str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    given.filter(is_place).unwrap_or("000000").to_owned()
}

/// What is answered: an output with a warning, or why there is none.
pub(super) type Outcome = Result<(Json, String), String>;

/// The answer to a request.
pub(super) fn answer(
    outcome: Outcome,
    place: &str,
    (received, now): (Moment, Moment),
    infcode: HisInfcode,
) -> String {
    let code = |digits: &str| match infcode {
        HisInfcode::Number => Json::Number(digits.to_owned()),
        HisInfcode::Text => Json::text(digits),
    };
    let number = ANSWERS.fetch_add(1, Ordering::Relaxed) % 10_000_000_000;
    let second: String = stamp(now).chars().take(14).collect();
    let (code, error, warning, output) = match outcome {
        Ok((output, warning)) => (code("0"), String::new(), warning, output),
        Err(error) => (code("-1"), error, String::new(), Json::Null),
    };
    let envelope = Json::object([
        ("infcode", code),
        ("inf_refmsgid", Json::text(format!("{place}{second}{number:010}"))),
        ("refmsg_time", Json::text(stamp(received))),
        ("respond_time", Json::text(stamp(now))),
        ("err_msg", Json::text(error)),
        ("warn_msg", Json::text(warning)),
        ("cainfo", Json::text("")),
        ("signtype", Json::text("")),
        ("output", output),
    ]);
    let mut text = String::new();
    envelope.write(&mut text);
    text
}

/// `yyyyMMddHHmmssSSS`.
pub(super) fn stamp(moment: Moment) -> String {
    moment.to_string().chars().filter(char::is_ascii_digit).take(17).collect()
}

/// `yyyy-MM-dd HH:mm:ss` of an instant as the ledger writes it.
pub(super) fn time(recorded_at: &str) -> String {
    recorded_at.chars().take(19).map(|sign| if sign == 'T' { ' ' } else { sign }).collect()
}
