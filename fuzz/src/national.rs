//! The national interface: an envelope with everything behind it, and the rows of a file.

use crate::world::World;
use crate::world::world;

use onestop::config::HisConfig;
use onestop::his::Answer;
use onestop::his::Gateway;
use onestop::his::Headers;
use onestop::his::Sent;
use onestop::his::zipped;
use serde_json::Value;

use std::str;
use std::sync::LazyLock;

static WORLD: LazyLock<(World, Gateway)> = LazyLock::new(|| {
    let world = world();
    let gateway = Gateway::new(world.service.clone(), HisConfig::default(), true);
    (world, gateway)
});

/// Headers, a line each, up to an empty line where the data begins with `_api_` or `x-tif-`; then a body; behind a line of `---file---` a file.
pub fn national_body(data: &[u8]) {
    let (headers, data) = headers(data);
    let mark = b"\n---file---\n";
    let at = data.windows(mark.len()).position(|window| window == mark);
    let (body, file) = match at {
        Some(at) => (&data[..at], Some(data[at + mark.len()..].to_vec())),
        None => (data, None),
    };
    let (world, gateway) = &*WORLD;
    let sent = Sent { headers, body: body.to_vec(), file, from: "127.0.0.1".to_owned() };
    match world.runtime.block_on(gateway.answer(sent)) {
        Answer::Json(text) => {
            let answer: Value = serde_json::from_str(&text).expect("an answer is JSON");
            let is_refused = answer["infcode"] == -1;
            let said = answer["err_msg"].as_str().expect("it says why, or nothing");
            assert_eq!(is_refused, !said.is_empty(), "{text}");
            assert!(said.chars().count() <= 200 && !said.chars().any(char::is_control), "{text}");
        }
        Answer::File(_) => {}
    }
}

fn headers(data: &[u8]) -> (Headers, &[u8]) {
    let mut headers = Headers::default();
    let mut rest = data;
    while rest.starts_with(b"_api_") || rest.starts_with(b"x-tif-") {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = str::from_utf8(&rest[..end]).unwrap_or_default();
        if let Some((name, value)) = line.split_once(':') {
            headers.0.push((name.to_owned(), value.to_owned()));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    (headers, rest)
}

/// A file of the interface: what was read of it, written and read again, is the same.
pub fn national_file(data: &[u8]) {
    let Ok(rows) = zipped::rows(data) else { return };
    let Ok(file) = zipped::zipped("rows.txt", &rows) else { return };
    // Signs that would part a cell from itself are gone after the first time.
    let once = zipped::rows(&file).expect("a file of ours is read");
    let file = zipped::zipped("rows.txt", &once).expect("and written again");
    assert_eq!(zipped::rows(&file).expect("and read again"), once);
}
