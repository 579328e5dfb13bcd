//! Compiles the contract in `proto/` without a `protoc` on the machine.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["proto/onestop/v1/onestop.proto"], ["proto"])?;
    let descriptor = PathBuf::from(env::var("OUT_DIR")?).join("onestop_descriptor.bin");
    // `compile_fds` does not write the descriptor that reflection and the JSON form need.
    let encoded = files.encode_to_vec();
    fs::write(&descriptor, &encoded)?;
    tonic_prost_build::configure().compile_fds(files)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".onestop.v1"])?;
    Ok(())
}
