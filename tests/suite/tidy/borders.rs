//! Which module may use which, what the core may name from outside, and how a file of `src` is written.

use crate::tidy::TextFile;
use crate::tidy::files_under;
use crate::tidy::names;
use crate::tidy::read;

/// What each module may use of this crate, in the order of `lib.rs`. Arrows only point up this list.
const MAY_USE: &[(&str, &[&str])] = &[
    // The core: no I/O, no clock, no async, no float.
    ("money", &[]),
    ("calendar", &[]),
    ("id", &[]),
    ("bill", &["money"]),
    ("refusal", &["money", "calendar"]),
    ("register", &["calendar", "id", "bill", "refusal"]),
    ("admission", &["calendar", "id", "register"]),
    ("rules", &["money", "calendar", "bill", "register", "admission"]),
    ("accumulators", &["money", "id", "bill"]),
    ("situation", &["calendar", "refusal", "register", "admission", "rules", "accumulators"]),
    ("statement", &["money", "bill", "rules"]),
    (
        "settle",
        &[
            "money",
            "id",
            "bill",
            "refusal",
            "register",
            "rules",
            "accumulators",
            "situation",
            "statement",
        ],
    ),
    ("report", &["money", "calendar", "refusal"]),
    ("clearing_types", &[]),
    ("extract", &["money", "calendar", "bill"]),
    ("reconcile", &["money", "calendar", "refusal", "clearing_types", "extract"]),
    ("clear", &["money", "calendar", "report", "extract"]),
    ("survey", &["money", "calendar", "id", "bill", "report", "extract"]),
    ("audit", &["calendar", "id", "report", "extract"]),
    ("whatif", &["money", "report"]),
    // The shell: no policy.
    ("access", &[]),
    ("operators", &["calendar", "id", "access"]),
    ("oidc", &["calendar", "id", "access", "operators"]),
    ("metrics", &[]),
    ("traces", &["calendar", "metrics"]),
    ("proto", &[]),
    (
        "wire",
        &[
            "clearing_types",
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "register",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "statement",
            "report",
            "reconcile",
            "clear",
            "proto",
        ],
    ),
    (
        "store",
        &["calendar", "id", "refusal", "register", "accumulators", "metrics", "proto", "wire"],
    ),
    ("outline", &["money", "calendar", "bill", "extract", "reconcile", "proto", "store"]),
    ("trail", &["store"]),
    (
        "table",
        &["money", "calendar", "id", "bill", "refusal", "register", "accumulators", "reconcile"],
    ),
    ("folder", &["id", "refusal", "register", "rules", "table"]),
    (
        "service",
        &[
            "clearing_types",
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "register",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "statement",
            "settle",
            "reconcile",
            "clear",
            "survey",
            "audit",
            "operators",
            "metrics",
            "proto",
            "wire",
            "store",
            "outline",
            "trail",
            "table",
            "folder",
        ],
    ),
    (
        "verify",
        &[
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "register",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "statement",
            "settle",
            "whatif",
            "proto",
            "wire",
            "store",
        ],
    ),
    ("resettle", &["calendar", "rules", "whatif", "proto", "store", "outline", "verify"]),
    ("sheet", &["money", "id", "refusal", "proto"]),
    ("spreadsheet", &["refusal", "proto"]),
    (
        "cases",
        &[
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "register",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "statement",
            "settle",
            "proto",
            "wire",
            "sheet",
        ],
    ),
    (
        "worse_off",
        &[
            "money",
            "calendar",
            "id",
            "bill",
            "register",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "statement",
            "settle",
            "cases",
        ],
    ),
    (
        "rules_view",
        &[
            "money",
            "bill",
            "refusal",
            "register",
            "admission",
            "rules",
            "proto",
            "wire",
            "service",
            "sheet",
        ],
    ),
    (
        "grpc",
        &[
            "id",
            "refusal",
            "reconcile",
            "access",
            "metrics",
            "traces",
            "proto",
            "wire",
            "store",
            "service",
            "rules_view",
        ],
    ),
    (
        "pages",
        &[
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "rules",
            "extract",
            "reconcile",
            "survey",
            "audit",
            "access",
            "operators",
            "oidc",
            "metrics",
            "traces",
            "proto",
            "wire",
            "store",
            "table",
            "service",
            "resettle",
            "sheet",
            "spreadsheet",
            "rules_view",
        ],
    ),
    ("config", &["access", "operators", "oidc"]),
    ("listen", &["metrics", "config"]),
    (
        "his",
        &[
            "money",
            "calendar",
            "id",
            "bill",
            "refusal",
            "admission",
            "reconcile",
            "access",
            "metrics",
            "traces",
            "proto",
            "wire",
            "store",
            "service",
            "config",
        ],
    ),
    ("http", &["operators", "oidc", "metrics", "traces", "service", "pages", "listen", "his"]),
    ("vectors", &["calendar", "rules", "proto", "wire", "store", "service"]),
    (
        "cli",
        &[
            "clearing_types",
            "money",
            "calendar",
            "refusal",
            "admission",
            "rules",
            "accumulators",
            "situation",
            "extract",
            "reconcile",
            "survey",
            "audit",
            "access",
            "operators",
            "oidc",
            "metrics",
            "traces",
            "proto",
            "wire",
            "store",
            "outline",
            "trail",
            "table",
            "folder",
            "service",
            "verify",
            "resettle",
            "sheet",
            "spreadsheet",
            "cases",
            "worse_off",
            "rules_view",
            "grpc",
            "pages",
            "config",
            "listen",
            "his",
            "http",
            "vectors",
        ],
    ),
];

/// The last module of the core.
const CORE_ENDS_WITH: &str = "whatif";

/// Where the generated messages may be seen.
const SEES_MESSAGES: &[&str] = &[
    "wire",
    "store",
    "outline",
    "service",
    "verify",
    "resettle",
    "sheet",
    "spreadsheet",
    "cases",
    "rules_view",
    "grpc",
    "pages",
    "his",
    "vectors",
    "cli",
];

/// Which modules may name which crate: every dependency, and of `std` what reaches the world. `*` is every module.
const NAMES: &[(&str, &[&str])] = &[
    ("aes_gcm", &["store"]),
    ("argon2", &["operators"]),
    ("axum", &["oidc", "pages", "http"]),
    ("base64", &["oidc", "his", "store"]),
    ("calamine", &["table"]),
    ("clap", &["cli"]),
    ("crc32fast", &["store"]),
    ("csv", &["table", "spreadsheet"]),
    ("encoding_rs", &["table", "pages"]),
    ("getrandom", &["operators", "oidc", "traces", "store", "pages", "cli"]),
    ("hmac", &["his", "store"]),
    ("http_body", &["cli"]),
    ("hyper", &["http", "oidc"]),
    ("hyper_util", &["http", "oidc"]),
    ("indicatif", &["cli"]),
    ("jiff", &["calendar"]),
    ("maud", &["pages"]),
    // Named by `main.rs` alone.
    ("mimalloc", &[]),
    ("pbjson", &[]),
    ("pdf_writer", &["pages"]),
    ("prometheus_client", &["metrics"]),
    (
        "prost",
        &["traces", "store", "outline", "trail", "wire", "service", "resettle", "grpc", "cli"],
    ),
    ("qrcodegen", &["pages"]),
    ("quick_cache", &["store"]),
    ("read_fonts", &["pages"]),
    ("ring", &["oidc", "listen"]),
    ("rust_decimal", &["money"]),
    ("rust_xlsxwriter", &["spreadsheet"]),
    ("rustix", &["store"]),
    ("rustls", &["oidc", "listen"]),
    ("serde", &["access", "operators", "oidc", "wire", "service", "pages", "config", "his", "cli"]),
    ("serde_json", &["operators", "oidc", "wire", "his", "vectors", "cli"]),
    ("serde_urlencoded", &["oidc", "pages"]),
    ("sha1", &["his"]),
    ("sha2", &["rules", "access", "operators", "oidc", "store", "pages", "his", "cli"]),
    ("siphasher", &["store"]),
    ("sled", &["store"]),
    ("sm2", &["his"]),
    ("sm3", &["his"]),
    ("sm4", &["store"]),
    ("subsetter", &["pages"]),
    ("thiserror", &["*"]),
    (
        "tokio",
        &["oidc", "traces", "store", "trail", "service", "grpc", "listen", "pages", "http", "cli"],
    ),
    ("tokio_rustls", &["oidc", "listen"]),
    ("tokio_stream", &["grpc", "listen", "http", "cli"]),
    ("toml", &["rules", "access", "cases", "config"]),
    ("tonic", &["traces", "proto", "grpc", "listen", "cli"]),
    ("tonic_health", &["cli"]),
    ("tonic_prost", &["traces"]),
    ("tonic_reflection", &["cli"]),
    ("tower", &["http", "cli"]),
    (
        "tracing",
        &["traces", "store", "trail", "service", "grpc", "pages", "listen", "his", "http", "cli"],
    ),
    ("tracing_subscriber", &["cli"]),
    ("x509_cert", &["listen"]),
    ("zip", &["table", "his"]),
    ("std::env", &["vectors", "cli"]),
    (
        "std::fs",
        &["operators", "traces", "store", "outline", "folder", "his", "config", "vectors", "cli"],
    ),
    (
        "std::io",
        &[
            "operators",
            "traces",
            "store",
            "outline",
            "table",
            "folder",
            "his",
            "config",
            "listen",
            "vectors",
            "cli",
        ],
    ),
    ("std::net", &["config", "listen", "cli"]),
    ("std::os", &["operators", "store"]),
    ("std::process", &["vectors", "cli"]),
    ("std::thread", &["store", "outline", "trail", "resettle", "pages", "cli"]),
    (
        "std::time",
        &["oidc", "metrics", "traces", "store", "service", "pages", "listen", "http", "cli"],
    ),
];

/// The module that a file of `src` belongs to.
fn module_of(path: &str) -> &str {
    let path = path.strip_prefix("src/").unwrap();
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The lines of a file that are code and no test, with their numbers.
fn code(file: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    let end = file.text.find("#[cfg(test)]\nmod tests {").unwrap_or(file.text.len());
    let numbered = file.text[..end].lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The files of the modules in the table; `lib.rs` and `main.rs` only name the modules.
fn files() -> Vec<TextFile> {
    let mut files = files_under("src", ".rs");
    let is_test = |path: &str| path.ends_with("tests.rs") || path.contains("/tests/");
    files.retain(|file| {
        !is_test(&file.path) && file.path != "src/lib.rs" && file.path != "src/main.rs"
    });
    files
}

/// The modules that a line names behind `crate::`.
fn used(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    line.split("crate::").skip(1).map(move |rest| rest.split(|sign| !is_name(sign)).next().unwrap())
}

#[test]
fn modules_use_only_what_they_may() {
    for file in files() {
        let module = module_of(&file.path);
        let entry = MAY_USE.iter().find(|(name, _)| *name == module);
        let (_, may_use) = entry.unwrap_or_else(|| panic!("`{module}` is not in the table"));
        for (number, line) in code(&file) {
            for used in used(line) {
                assert!(
                    used == module || may_use.contains(&used),
                    "{}:{number}: {line}",
                    file.path
                );
            }
        }
    }
}

/// Whether a line names a crate, or a module of `std`.
fn names_from_outside(line: &str, name: &str) -> bool {
    // A crate is named with a path behind it, or else it is a word like any other.
    names(line, name) && (name.contains("::") || line.contains(&format!("{name}::")))
}

#[test]
fn nothing_in_the_tables_is_left_over() {
    let files = files();
    let has = |module: &str, fits: &dyn Fn(&str) -> bool| {
        let of_module = files.iter().filter(|file| module_of(&file.path) == module);
        of_module.into_iter().any(|file| code(file).any(|(_, line)| fits(line)))
    };
    for (module, may_use) in MAY_USE {
        for other in *may_use {
            let uses = has(module, &|line| used(line).any(|used| used == *other));
            assert!(uses, "`{module}` does not use `{other}`");
        }
    }
    for (name, modules) in NAMES {
        for module in modules.iter().filter(|module| **module != "*") {
            let named = has(module, &|line| names_from_outside(line, name));
            assert!(named, "`{module}` does not name `{name}`");
        }
    }
}

#[test]
fn arrows_point_up_the_reading_order() {
    let library = read("src/lib.rs");
    let listed = library.lines().filter_map(|line| line.strip_prefix("pub mod "));
    let listed: Vec<_> = listed.map(|line| line.trim_end_matches(';')).collect();
    let table: Vec<_> = MAY_USE.iter().map(|(module, _)| *module).collect();
    assert_eq!(table, listed, "the table and lib.rs list the same modules in the same order");
    for (index, (module, may_use)) in MAY_USE.iter().enumerate() {
        for used in *may_use {
            assert!(table[..index].contains(used), "`{module}` stands before `{used}`");
        }
    }
}

#[test]
fn generated_messages_stay_in_the_shell() {
    for (module, may_use) in MAY_USE {
        let sees = may_use.contains(&"proto");
        assert_eq!(sees, SEES_MESSAGES.contains(module), "`{module}`");
    }
}

#[test]
fn every_dependency_is_named_only_where_it_belongs() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        let name = name.replace('-', "_");
        assert!(NAMES.iter().any(|(listed, _)| *listed == name), "`{name}` has no place yet");
    }
    for file in files() {
        let module = module_of(&file.path);
        for (number, line) in code(&file) {
            for (name, modules) in NAMES {
                let may = modules.contains(&"*") || modules.contains(&module);
                let named = names_from_outside(line, name);
                assert!(may || !named, "{}:{number} names `{name}`: {line}", file.path);
            }
        }
    }
}

#[test]
fn the_core_names_nothing_that_reaches_the_world() {
    let core = MAY_USE.iter().take_while(|(module, _)| *module != CORE_ENDS_WITH);
    for (module, _) in core.chain(MAY_USE.iter().filter(|(module, _)| *module == CORE_ENDS_WITH)) {
        for (name, modules) in NAMES {
            let is_pure = ["jiff", "rust_decimal", "sha2", "thiserror", "toml"].contains(name);
            assert!(is_pure || !modules.contains(module), "`{module}` may name `{name}`");
        }
    }
}

#[test]
fn a_use_names_one_item() {
    for file in files_under("src", ".rs").into_iter().chain(files_under("tests", ".rs")) {
        for (index, line) in file.text.lines().enumerate() {
            let code = line.trim_start().trim_start_matches("pub ");
            let braces = code.starts_with("use ") && code.contains('{');
            assert!(!braces, "{}:{}: {line}", file.path, index + 1);
        }
    }
}

#[test]
fn a_file_says_what_it_is_and_a_module_stands_beside_its_folder() {
    for file in files_under("src", ".rs") {
        assert!(file.text.starts_with("//! "), "{} has no first sentence", file.path);
        assert!(!file.path.ends_with("/mod.rs"), "{} should stand beside its folder", file.path);
        for name in ["utils", "common", "helpers", "types", "models", "traits"] {
            assert!(!file.path.split(['/', '.']).any(|part| part == name), "{}", file.path);
        }
        for mark in ["TODO", "FIXME", "XXX"] {
            assert!(!file.text.contains(mark), "{} has a {mark}", file.path);
        }
    }
}
