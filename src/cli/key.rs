//! `onestop key`: a new key for a caller. The secret is shown once and kept nowhere; the file has its digest.

use crate::access::Ring;
use crate::access::fingerprint;
use crate::cli::Exit;
use crate::cli::output;

use clap::Args;

use std::fmt::Write;

/// Bytes of a secret before they are written in hexadecimal.
const SECRET_BYTES: usize = 32;

#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// The name under which the log knows it.
    #[arg(long)]
    name: String,
    /// What it is for: his, clerk, supervisor, insurer, policy-editor, auditor or administrator.
    #[arg(long)]
    role: String,
    /// A facility of its own; may be given several times. For his, clerk and supervisor.
    #[arg(long, value_name = "CODE")]
    facility: Vec<String>,
}

pub(super) fn run(arguments: KeyArguments) -> Exit {
    let mut bytes = [0; SECRET_BYTES];
    if let Err(error) = getrandom::fill(&mut bytes) {
        output::complain(&format!("no randomness on this machine: {error}"));
        return Exit::Failed;
    }
    let mut secret = String::new();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(secret, "{byte:02x}");
    }
    let quoted = |text: &str| toml_text(text);
    let facilities: Vec<String> = arguments.facility.iter().map(|code| quoted(code)).collect();
    let entry = format!(
        "[[key]]\nname = {}\nrole = {}\nfacilities = [{}]\nsecret_sha256 = \"{}\"\n",
        quoted(&arguments.name),
        quoted(&arguments.role),
        facilities.join(", "),
        fingerprint(secret.as_bytes()),
    );
    if let Err(error) = Ring::read(&entry) {
        output::complain(&error.to_string());
        return Exit::Usage;
    }
    output::print(&format!(
        "# 密钥(只显示这一次) The secret, shown this once: {secret}\n# 写入 access.keys 所指文件 For the file that `access.keys` names:\n{entry}"
    ));
    Exit::Done
}

/// A text as TOML writes it; JSON writes texts in the same way.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
