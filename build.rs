//! Compiles the contract in `proto/` without a `protoc` on the machine.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use prost::Message;
use tonic_prost_build::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["proto/onestop/v1/onestop.proto"], ["proto"])?;
    let descriptor = PathBuf::from(env::var("OUT_DIR")?).join("onestop_descriptor.bin");
    // `compile_fds` does not write the descriptor that reflection and the JSON form need.
    let encoded = files.encode_to_vec();
    fs::write(&descriptor, &encoded)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("calls.rs"), calls(&files))?;
    fs::write(out.join("tags.rs"), tags(&files))?;
    let server = out.join("server");
    fs::create_dir_all(&server)?;
    // What the server answers most is written without a message in between; its answers have types of their own.
    let mut of_server = tonic_prost_build::configure().build_client(false).out_dir(server);
    for answer in ["QuoteReply", "QuoteManyReply", "SettleReply"] {
        let written = format!("crate::grpc::answer::{answer}");
        of_server = of_server.extern_path(format!(".onestop.v1.{answer}"), written);
    }
    of_server.extern_path(".onestop.v1", "crate::proto").compile_fds(files.clone())?;
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".onestop.v1"])?;
    Ok(())
}

/// The paths of all calls, so that nothing that must know every call can miss one.
fn calls(files: &FileDescriptorSet) -> String {
    let mut paths = String::new();
    for file in &files.file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                paths.push_str(&format!("    {path:?},\n"));
            }
        }
    }
    format!(
        "/// The paths of all calls of the contract.\npub const CALLS: &[&str] = &[\n{paths}];\n"
    )
}

/// The field numbers of all messages, so that what is written without a message cannot name a wrong one.
fn tags(files: &FileDescriptorSet) -> String {
    let mut modules = String::new();
    for message in files.file.iter().flat_map(|file| &file.message_type) {
        let mut name = String::new();
        for letter in message.name().chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(letter.to_lowercase());
        }
        modules.push_str(&format!("pub mod {name} {{\n"));
        for field in &message.field {
            let (name, number) = (field.name().to_uppercase(), field.number());
            modules.push_str(&format!("    pub const {name}: u32 = {number};\n"));
        }
        modules.push_str("}\n");
    }
    format!(
        "/// The numbers of the fields of all messages of the contract.\npub mod tags {{\n{modules}}}\n"
    )
}
