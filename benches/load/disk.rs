//! The disk by itself.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

/// Records a second where so many of them share one append and one `fdatasync`, for a second and a half.
pub(crate) fn group_commit(directory: &Path, group: usize, record_bytes: usize) -> f64 {
    let path = directory.join("raw");
    let mut file = File::create(&path).unwrap();
    let bytes = vec![7; group * record_bytes];
    let (start, mut syncs) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_millis(1500) {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        syncs += 1;
    }
    let rate = (group * syncs) as f64 / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    rate
}
