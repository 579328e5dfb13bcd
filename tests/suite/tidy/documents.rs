//! What the documents say is so: tests, commands, keys and files that they name are there.

use crate::tidy::between;
use crate::tidy::files_under;
use crate::tidy::read;
use crate::tidy::root;

use onestop::config::Config;
use std::collections::BTreeSet;
use std::process::Command;

/// Documents that people read.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "DECISIONS.md",
    "CHANGELOG.md",
    "settlement-rules/README.md",
    "deploy/sample/README.md",
    "docs/settlement.md",
    "docs/rule-packs.md",
    "docs/journal.md",
    "docs/his/README.md",
    "docs/his/auth.md",
    "docs/his/lines.md",
    "docs/his/person.md",
    "docs/his/reconcile.md",
    "docs/his/settlement.md",
    "docs/his/sign.md",
    "docs/his/visit.md",
    "docs/operations.md",
    "docs/threat-model.md",
];

/// The most lines that the map of the project may have.
const ARCHITECTURE_LINES_MAX: usize = 150;
/// The most lines that an answer to a question may have.
const DECISION_LINES_MAX: usize = 15;

/// Whether a function stands in a text under an attribute that makes it a test.
fn is_test(text: &str, function: &str) -> bool {
    text.match_indices(function).any(|(at, _)| {
        let mut above = text[..at].lines().rev().take(4);
        above.any(|line| line.trim().starts_with("#[") && line.contains("test"))
    })
}

#[test]
fn the_tests_that_hold_the_invariants_exist() {
    let architecture = read("ARCHITECTURE.md");
    let (_, invariants) = architecture.split_once("## Invariants").unwrap();
    let invariants = invariants.split("\n## ").next().unwrap();
    let mut tests = files_under("tests/suite", ".rs");
    tests.extend(files_under("src", ".rs"));
    for name in between(invariants, "`").into_iter().filter(|name| name.contains("::")) {
        let (module, function) = name.rsplit_once("::").unwrap();
        let module = module.replace("::", "/");
        let function = format!("fn {function}(");
        let is_there = tests.iter().any(|file| {
            let path = file.path.trim_start_matches("tests/suite/").trim_start_matches("src/");
            let of_module =
                path.trim_end_matches(".rs") == module || path.starts_with(&format!("{module}/"));
            of_module && is_test(&file.text, &function)
        });
        assert!(is_there, "ARCHITECTURE.md names `{name}`, which is no test");
    }
    let numbers: Vec<_> = invariants.lines().filter(|line| line.starts_with("- **I")).collect();
    for (index, line) in numbers.iter().enumerate() {
        assert!(line.starts_with(&format!("- **I{}**", index + 1)), "{line}");
    }
    assert!(architecture.lines().count() <= ARCHITECTURE_LINES_MAX, "the map is too long");
}

#[test]
fn the_tests_that_the_threat_model_names_exist() {
    let mut tests = files_under("tests/suite", ".rs");
    tests.extend(files_under("src", ".rs"));
    let page = read("docs/threat-model.md");
    let (_, page) = page.split_once("## Considered").unwrap();
    let named = between(page, "`").into_iter().filter(|name| name.matches('_').count() > 3);
    let mut count = 0;
    for name in named {
        let function = format!("fn {}(", name.rsplit("::").next().unwrap());
        assert!(tests.iter().any(|file| is_test(&file.text, &function)), "`{name}` is no test");
        count += 1;
    }
    assert!(20 < count, "only {count} tests are named");
}

#[test]
fn the_map_names_every_module() {
    let architecture = read("ARCHITECTURE.md");
    for line in read("src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = line.trim_end_matches(';');
        assert!(
            architecture.contains(&format!("`{module}.rs`")),
            "`{module}.rs` is not on the map"
        );
    }
}

#[test]
fn decisions_are_questions_with_short_answers_and_a_date() {
    let decisions = read("DECISIONS.md");
    for section in decisions.split("\n## ").skip(1) {
        let (question, answer) = section.split_once('\n').unwrap();
        assert!(question.ends_with('?'), "{question}");
        let lines = answer.trim().lines();
        assert!(lines.clone().count() <= DECISION_LINES_MAX, "{question} is answered at length");
        let first = lines.clone().next().unwrap();
        let dated = first.len() > 10 && first.as_bytes()[4] == b'-' && first.as_bytes()[7] == b'-';
        assert!(dated, "{question} has no date");
    }
}

#[test]
fn the_changelog_begins_with_the_version_of_the_package() {
    let changelog = read("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## ")).unwrap();
    assert!(first.starts_with(&format!("## {}", env!("CARGO_PKG_VERSION"))), "{first}");
}

/// The keys of the configuration, from the code: the fields of its structs.
fn keys() -> BTreeSet<String> {
    let code = read("src/config.rs") + &read("src/oidc.rs");
    let mut keys = BTreeSet::new();
    for one in code.split("\npub struct ").skip(1).filter(|one| !one.starts_with("Config ")) {
        let (name, rest) = one.split_once(" {").unwrap();
        // What stands within a key, as a row of a list, is no section.
        if !name.ends_with("Config") {
            continue;
        }
        let section = name.trim_end_matches("Config").to_lowercase();
        let fields = rest.split("\n}").next().unwrap();
        for field in fields.lines().filter_map(|line| line.strip_prefix("    pub ")) {
            keys.insert(format!("{section}.{}", field.split(':').next().unwrap()));
        }
    }
    keys
}

#[test]
fn the_configuration_file_holds_every_key_with_its_default() {
    let text = read("deploy/onestop.toml");
    let config: Config = toml::from_str(&text).unwrap();
    assert_eq!(config, Config::default());
    let mut in_file = BTreeSet::new();
    for (section, values) in text.parse::<toml::Table>().unwrap() {
        in_file.extend(values.as_table().unwrap().keys().map(|key| format!("{section}.{key}")));
    }
    assert_eq!(in_file, keys());
}

#[test]
fn the_readmes_name_every_key_of_the_configuration() {
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = read(readme);
        for key in keys() {
            assert!(text.contains(&format!("| `{key}` |")), "{readme} does not name `{key}`");
        }
    }
}

#[test]
fn the_page_of_the_national_interface_names_its_keys_and_no_others() {
    let page = read("docs/his/README.md");
    let named = between(&page, "`").into_iter().filter(|name| name.starts_with("his."));
    let named: BTreeSet<_> = named.map(|name| name.split(' ').next().unwrap().to_owned()).collect();
    let keys: BTreeSet<_> = keys().into_iter().filter(|key| key.starts_with("his.")).collect();
    assert_eq!(named, keys);
    for page in files_under("docs/his", ".md") {
        assert!(DOCUMENTS.contains(&page.path.as_str()), "{} is not checked", page.path);
        for name in between(&page.text.replace("```", ""), "`") {
            let is_key = name.strip_prefix("his.").is_some_and(|rest| !rest.contains([' ', '/']));
            assert!(!is_key || keys.contains(name), "{} names `{name}`", page.path);
        }
    }
}

fn help(command: &[&str]) -> String {
    let onestop = env!("CARGO_BIN_EXE_onestop");
    let output = Command::new(onestop).args(command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?} has no help");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines.map_while(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect()
}

/// The arguments of the `onestop` commands in the code blocks of a document.
fn shown_commands(text: &str) -> Vec<Vec<&str>> {
    let mut shown = Vec::new();
    for line in between(text, "```").into_iter().flat_map(str::lines) {
        let mut words = line.split(['#', '|']).next().unwrap().split_whitespace();
        match words.next() {
            Some("cargo") if line.starts_with("cargo run ") => {
                shown.push(words.skip_while(|word| *word != "--").skip(1).collect());
            }
            Some(word) if word.ends_with("onestop") => shown.push(words.collect()),
            Some(_) | None => {}
        }
    }
    shown
}

#[test]
fn the_commands_that_the_documents_show_exist() {
    let top = help(&[]);
    for document in DOCUMENTS {
        for arguments in shown_commands(&read(document)) {
            let mut known = top.clone();
            let mut command: Vec<&str> = Vec::new();
            for word in &arguments {
                if commands(&known).contains(word) {
                    command.push(word);
                    known = help(&command);
                }
            }
            assert!(!command.is_empty(), "{document}: {arguments:?} is no command");
            assert_eq!(
                commands(&known),
                Vec::<&str>::new(),
                "{document}: {arguments:?} lacks a word"
            );
            for flag in arguments.iter().filter(|word| word.starts_with("--")) {
                let is_there = known.split_whitespace().any(|word| word == *flag);
                assert!(is_there, "{document}: {arguments:?}: no `{flag}`");
            }
        }
    }
}

#[test]
fn the_readmes_describe_every_command() {
    let top = help(&[]);
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = read(readme);
        for command in commands(&top).into_iter().filter(|command| *command != "help") {
            assert!(text.contains(&format!("`onestop {command}")), "{readme}: `{command}`");
        }
    }
}

#[test]
fn the_files_that_the_documents_link_to_exist() {
    for document in DOCUMENTS {
        let folder = root().join(document).parent().unwrap().to_owned();
        for link in read(document).split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(folder.join(target).exists(), "{document} links to `{target}`");
        }
    }
}
