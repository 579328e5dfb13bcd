//! 9101 upload and 9102 download of files for reconciliation. A file is a ledger entry, so it is there after a restart, for as long
//! as `dld_endtime` promises.

use crate::his::Gateway;
use crate::his::envelope::Asked;
use crate::his::envelope::time;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::his::zipped::rows;
use crate::proto;
use crate::refusal::Refusal;
use crate::service::Failure;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How the name of a file begins that 3202 has written.
pub(super) const RESULT: &str = "result_";
/// Most bytes of a file.
const FILE_BYTES_MAX: usize = 4 << 20;
/// For how many days a file may be fetched.
const KEPT_DAYS: usize = 30;
/// Longest name of a file. Unit: signs.
const NAME_CHARS_MAX: usize = 200;

const A_NAME: (&str, &str) =
    ("a name of at most 200 signs, without a path", "不超过 200 个字符的文件名,不含路径");
const BYTES: (&str, &str) = (
    "the bytes of the file, at most 4 MiB, or a part `file` of the form",
    "文件内容(字节数组,不超过 4 MiB),或以 multipart 的 file 部分上传",
);
const A_NUMBER: (&str, &str) =
    ("the number that 9101 or 3202 answered", "9101 或 3202 返回的文件查询号");
const OUTDATED: (&str, &str) =
    ("that of a file that is still kept", "尚未过期的文件;请重新上传或重新对账");

/// 9101
pub(super) async fn upload_9101(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "fsUploadIn")?;
    let name = file_name(data.given("filename")?)?;
    let content = match (&asked.file, data.json("in")) {
        (Some(file), _) => file.clone(),
        (None, Some(json)) => bytes(json)?,
        (None, None) => return Err(malformed("in", BYTES).into()),
    };
    if content.is_empty() || FILE_BYTES_MAX < content.len() {
        return Err(malformed("in", BYTES).into());
    }
    let kept = keep(gateway, asked, &name, content).await?;
    Ok(Json::object([
        ("file_qury_no", Json::text(kept.number)),
        ("filename", Json::text(name)),
        ("fixmedins_code", Json::text(asked.facility.as_str())),
        ("dld_endtime", Json::text(kept.until)),
    ])
    .into())
}

/// A file that is kept.
pub(super) struct Kept {
    pub(super) number: String,
    pub(super) until: String,
}

/// Keeps a file for a while.
pub(super) async fn keep(
    gateway: &Gateway,
    asked: &Asked,
    name: &str,
    content: Vec<u8>,
) -> Result<Kept, Failure> {
    let mut last = asked.received.day();
    for _ in 0..KEPT_DAYS {
        last = last.after().unwrap_or(last);
    }
    let until = format!("{last} 23:59:59");
    let file = proto::KeptFile {
        writer: Some(asked.writer()),
        name: name.to_owned(),
        content,
        until: until.clone(),
        noted: asked.noted.clone(),
    };
    let kept = gateway.service.keep_file(file).await?;
    Ok(Kept { number: kept.number.to_string(), until })
}

/// 9102
pub(super) fn download_9102(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "fsDownloadIn")?;
    let file = fetched(gateway, asked, data.given("file_qury_no")?)?;
    let persons = persons(&file);
    Ok(Reply::file(file.content).showing(persons))
}

/// Whom a file names that 3202 has written; what a hospital has uploaded itself is its own words.
fn persons(file: &proto::KeptFile) -> Vec<String> {
    if !file.name.starts_with(RESULT) {
        return Vec::new();
    }
    let rows = rows(&file.content).unwrap_or_default();
    rows.into_iter().filter_map(|row| row.into_iter().next()).collect()
}

/// A file of the facility that asks, unless its time is over.
pub(super) fn fetched(
    gateway: &Gateway,
    asked: &Asked,
    number: &str,
) -> Result<proto::KeptFile, Failure> {
    let number = number.parse().map_err(|_| malformed("file_qury_no", A_NUMBER))?;
    let file = gateway.service.kept_file(&asked.facility, number)?;
    if file.until < time(&asked.received.to_string()) {
        return Err(malformed("file_qury_no", OUTDATED).into());
    }
    Ok(file)
}

fn file_name(name: &str) -> Result<String, Refusal> {
    let plain = name.chars().count() <= NAME_CHARS_MAX
        && !name.contains(['/', '\\', ':'])
        && !name.starts_with('.')
        && !name.chars().any(char::is_control);
    if plain { Ok(name.to_owned()) } else { Err(malformed("filename", A_NAME)) }
}

/// Bytes as clients write them: a list of numbers, from 0 to 255 or from −128 to 127; or Base64.
fn bytes(json: &Json) -> Result<Vec<u8>, Refusal> {
    let wrong = || malformed("in", BYTES);
    match json {
        Json::List(all) if all.len() <= FILE_BYTES_MAX => {
            all.iter().map(byte).collect::<Option<_>>().ok_or_else(wrong)
        }
        Json::Text(text) => STANDARD.decode(text.trim()).map_err(|_| wrong()),
        Json::List(_) | Json::Null | Json::Truth(_) | Json::Number(_) | Json::Object(_) => {
            Err(wrong())
        }
    }
}

fn byte(json: &Json) -> Option<u8> {
    let digits = match json {
        Json::Number(digits) | Json::Text(digits) => digits,
        Json::Null | Json::Truth(_) | Json::List(_) | Json::Object(_) => return None,
    };
    match digits.parse::<i16>().ok()? {
        negative @ -128..=-1 => u8::try_from(negative + 256).ok(),
        other => u8::try_from(other).ok(),
    }
}
