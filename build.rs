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
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("calls.rs"), calls(&files))?;
    tonic_prost_build::configure().compile_fds(files)?;
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
