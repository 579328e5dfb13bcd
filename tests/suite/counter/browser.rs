//! Real Chromium, driven over WebDriver; without it a test says so and does nothing.

use fantoccini::Client;
use fantoccini::ClientBuilder;
use fantoccini::Locator;
use fantoccini::actions::InputSource;
use fantoccini::actions::KeyAction;
use fantoccini::actions::KeyActions;
use fantoccini::elements::Element;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

/// Browsers that run at once: each takes memory and a core.
static TURNS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a driver is started until one has a port.
const DRIVERS_MAX: usize = 5;
/// Most stops of the keyboard on a page.
const STOPS_MAX: usize = 120;

pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const DOWN: &str = "\u{e015}";
/// Selects all of a field: Control and A, then nothing held.
const ALL: &str = "\u{e009}a\u{e000}";

/// A browser with a profile of its own.
pub(crate) struct Browser {
    pub(crate) client: Client,
    /// Where the server is.
    pub(crate) base: String,
    driver: Child,
    _profile: tempfile::TempDir,
    _turn: tokio::sync::SemaphorePermit<'static>,
}

/// Whether pages may run their script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    On,
    Off,
}

/// A browser for a server; none where there is no Chromium, which is said aloud.
pub(crate) async fn start(address: &str, script: Script) -> Option<Browser> {
    let installed = Command::new("chromedriver").arg("--version").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var("CI").is_err(), "CI has no chromedriver; .ci/run installs it");
        eprintln!(
            "SKIPPED: no Chromium here. Install it: apt-get install chromium chromium-driver"
        );
        return None;
    }
    let turn = TURNS.acquire().await.unwrap();
    let (driver, port) = (0..DRIVERS_MAX).find_map(|_| drive()).expect("a driver names its port");
    let profile = tempfile::tempdir().unwrap();
    let scripts = if script == Script::On { 1 } else { 2 };
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1366,768",
        &format!("--user-data-dir={}", profile.path().display()),
    ];
    let options = json!({
        "args": arguments,
        "prefs": { "profile.managed_default_content_settings.javascript": scripts },
    });
    let capabilities =
        json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities.as_object().unwrap().clone())
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap();
    let base = format!("http://{address}");
    Some(Browser { client, base, driver, _profile: profile, _turn: turn })
}

/// A driver and its port. None where it ended before it had one: it takes any port that is free for IPv4 and then needs the same one
/// for IPv6, which may be another process's by then.
fn drive() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = said.find_map(|line| {
        let (_, port) = line.split_once("successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
        driver.wait().unwrap();
        return None;
    };
    // What it says later must not fill the pipe.
    std::thread::spawn(move || said.for_each(drop));
    Some((driver, port))
}

impl Browser {
    /// Opens a page.
    pub(crate) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Something on the page, as soon as it is there.
    pub(crate) async fn see(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("no {css}: {error}\n{}", self.text().await),
        }
    }

    /// How many there are.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// The words of the page.
    pub(crate) async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// Waits until the page has these words.
    pub(crate) async fn read(&self, words: &str) {
        let has = async || self.text_now().await.contains(words);
        let begun = std::time::Instant::now();
        while !has().await {
            assert!(begun.elapsed() < PATIENCE, "no «{words}» in: {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The words of the page, or none while it is being exchanged for another.
    async fn text_now(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the address has this in it.
    pub(crate) async fn arrive(&self, part: &str) {
        let begun = std::time::Instant::now();
        loop {
            let here = self.client.current_url().await.unwrap();
            if here.as_str().contains(part) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "at {here} instead of {part}: {}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks.
    pub(crate) async fn click(&self, css: &str) {
        self.see(css).await.click().await.unwrap();
    }

    /// Fills a field by its name, in place of what stands there.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let field = self.see(&format!("[name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types where the keyboard is.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Goes with the tabulator to a field or button, and types there in place of what stands there.
    pub(crate) async fn tab_to(&self, css: &str, keys: &str) {
        let all = if keys == ENTER { "" } else { ALL };
        self.reach(css).await.send_keys(&format!("{all}{keys}")).await.unwrap();
    }

    /// Goes with the tabulator to a field or button.
    pub(crate) async fn reach(&self, css: &str) -> Element {
        let wanted = self.see(css).await.element_id();
        for _ in 0..STOPS_MAX {
            let here = self.client.active_element().await.unwrap();
            if here.element_id() == wanted {
                return here;
            }
            // Not to the element: what is sent to a field for files is a path.
            let tab = KeyActions::new("keyboard".to_owned())
                .then(KeyAction::Down { value: '\u{e004}' })
                .then(KeyAction::Up { value: '\u{e004}' });
            self.client.perform_actions(tab).await.unwrap();
        }
        panic!("the keyboard does not reach {css}");
    }

    /// Puts the keyboard back to where the page begins.
    pub(crate) async fn go_back_to_top(&self) {
        let script = "document.activeElement.blur(); document.querySelector('.skip').focus();";
        self.client.execute(script, Vec::new()).await.unwrap();
    }

    /// Chooses the window.
    pub(crate) async fn at(&self, facility: &str, terminal: &str) {
        self.go("/counter/window").await;
        self.fill("facility", facility).await;
        self.fill("terminal", terminal).await;
        self.fill("operator", "王敏").await;
        self.click("main button.primary").await;
        self.see("[name=find]").await;
    }

    /// Quotes a bill of totals for a person: an amount in scope, and nothing else.
    pub(crate) async fn quote(&self, person: &str, in_scope: &str) {
        self.go(&format!("/counter/patient?person={person}")).await;
        self.fill("admitted_on", "20180301").await;
        self.fill("discharged_on", "20180309").await;
        self.fill("total", in_scope).await;
        self.fill("in_scope", in_scope).await;
        self.click(".actions button.primary").await;
        self.see("button.confirm").await;
    }

    /// Ends.
    pub(crate) async fn end(mut self) {
        self.client.clone().close().await.unwrap();
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
