//! Progress on standard error, shown only where somebody looks.

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

/// A bar over bytes; without a known end, a counter.
pub(super) fn bytes(total: Option<u64>) -> ProgressBar {
    match total {
        Some(total) => styled(
            ProgressBar::new(total),
            "{bar:40} {percent:>3}% {binary_bytes_per_sec} {eta} left",
        ),
        None => styled(ProgressBar::no_length(), "{spinner} {binary_bytes} {binary_bytes_per_sec}"),
    }
}

/// A bar over things that are counted.
pub(super) fn count(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "{bar:40} {pos}/{len} {per_sec} {eta} left")
}

/// A counter of entries.
pub(super) fn entries() -> ProgressBar {
    styled(ProgressBar::no_length(), "{spinner} {pos} entries {per_sec}")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
