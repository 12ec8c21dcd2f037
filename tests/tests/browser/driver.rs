//! A real Chromium, by WebDriver: one for all tests that run at the same time, a tab of its own for each.
//!
//! A shell is the leader of the group that chromedriver and Chromium run in. It ends the group when its standard input
//! ends, so whatever becomes of the test, by its own hand or a signal's, no browser outlives it.

use super::common::tools;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Runtime;

/// No command of the browser, and nothing that is waited for, takes longer, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(90);

/// Starts what it is given, and ends it and itself at the end of its input.
const GUARD: &str = "\"$@\" </dev/null & read -r _; kill -KILL 0";

struct Browser {
    client: Client,
    home: WindowHandle,
    runtime: Runtime,
    guard: Child,
    /// Open as long as the browser is wanted.
    input: Option<ChildStdin>,
    /// Its files, removed with it.
    profile: tempfile::TempDir,
}

impl Browser {
    fn start() -> Option<Browser> {
        let (chromium, driver) = (tools::program("chromium")?, tools::program("chromedriver")?);
        let profile = super::common::scratch();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(driver)
            .arg("--port=0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .env("TMPDIR", profile.path())
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let input = guard.stdin.take();
        let mut said = BufReader::new(guard.stdout.take().expect("its output is ours")).lines();
        let port: u16 = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
            .expect("chromedriver says its port");
        // What else it says has to go somewhere.
        std::thread::spawn(move || said.for_each(drop));

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let connected = runtime.block_on(async {
            let capabilities = capabilities(&chromium, &profile.path().join("profile"));
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let client = builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{port}")).await?;
            let home = client.window().await;
            Ok::<_, fantoccini::error::NewSessionError>((client, home))
        });
        let (client, home) = connected.expect("Chromium starts");
        let home = home.expect("it has a window");
        Some(Browser { client, home, runtime, guard, input, profile })
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(DEADLINE, future).await })
            .unwrap_or_else(|_| panic!("the browser did not answer within {DEADLINE:?}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.guard.wait();
    }
}

fn capabilities(chromium: &Path, profile: &Path) -> Capabilities {
    let arguments = [
        "--headless=new",
        // A test may run as root in a container with little shared memory.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--remote-debugging-pipe",
        "--disable-breakpad",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--window-size=1280,900",
        "--force-color-profile=srgb",
        "--lang=en-GB",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let wanted = json!({
        "goog:chromeOptions": { "binary": chromium, "args": arguments },
        "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        // Nothing in a report opens a dialog. A test that meets one fails.
        "unhandledPromptBehavior": "dismiss and notify",
    });
    wanted.as_object().cloned().unwrap_or_default()
}

/// The browser of all tests that run now.
static SHARED: Mutex<Weak<Mutex<Browser>>> = Mutex::new(Weak::new());

fn shared() -> Option<Arc<Mutex<Browser>>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(browser) = shared.upgrade() {
        return Some(browser);
    }
    let browser = Arc::new(Mutex::new(Browser::start()?));
    *shared = Arc::downgrade(&browser);
    Some(browser)
}

/// Whether there is no browser; says so.
pub fn missing() -> bool {
    tools::program("chromium").is_none() || tools::program("chromedriver").is_none()
}

/// Runs a test in a tab of its own. Skipped, with a printed reason, where there is no browser.
pub fn in_tab(test: impl FnOnce(&Tab<'_>)) {
    let Some(browser) = shared() else { return };
    let browser = browser.lock().unwrap_or_else(PoisonError::into_inner);
    let tab = Tab::open(&browser);
    test(&tab);
}

/// A tab. What is emulated in it (size, scheme, no script) ends with it.
pub struct Tab<'b> {
    browser: &'b Browser,
}

/// A command beyond the WebDriver standard.
#[derive(Debug)]
struct Further {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Further {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

impl<'b> Tab<'b> {
    fn open(browser: &'b Browser) -> Tab<'b> {
        let tab = Tab { browser };
        let new = browser.run(browser.client.new_window(true)).expect("a new tab");
        browser.run(browser.client.switch_to_window(new.handle)).expect("the tab is there");
        tab.wide(1280);
        // What earlier tests left.
        let _ = (tab.log("performance"), tab.log("browser"));
        tab
    }

    fn further(&self, path: &'static str, body: Value) -> Value {
        let said = self.browser.run(self.browser.client.issue_cmd(Further { path, body: body.clone() }));
        said.unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.further("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.further("se/log", json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    /// What the console was told since the last call: level and text.
    pub fn console(&self) -> Vec<String> {
        let line = |entry: &Value| format!("{}: {}", entry["level"], entry["message"]);
        self.log("browser").iter().map(line).collect()
    }

    /// What was requested since the last call, from the network or anywhere else.
    pub fn requests(&self) -> Vec<String> {
        let requested = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let about = &event["message"]["params"];
            match event["message"]["method"].as_str()? {
                "Network.requestWillBeSent" => about["request"]["url"].as_str().map(str::to_owned),
                "Network.webSocketCreated" | "Network.webTransportCreated" => about["url"].as_str().map(str::to_owned),
                _ => None,
            }
        };
        self.log("performance").iter().filter_map(requested).collect()
    }

    /// Opens a page, and waits until all of it is there: chromedriver may not.
    pub fn goto(&self, url: &str) {
        self.browser.run(self.browser.client.goto(url)).unwrap_or_else(|error| panic!("{url}: {error}"));
        let document = url.split('#').next().unwrap_or(url);
        self.until(&format!("location.href.split('#')[0] === '{document}' && document.readyState === 'complete'"));
    }

    /// Loads a page afresh, also where only the fragment differs from what is there.
    pub fn load(&self, url: &str) {
        self.goto("about:blank");
        self.goto(url);
    }

    /// Puts another fragment behind the address of the page that is open, and waits until the page has taken it in.
    pub fn jump(&self, fragment: &str) {
        self.run_async(&format!(
            "const done = arguments[0], before = location.href; location.hash = {fragment:?}; \
             if (location.href === before) {{ done(); }} else \
             {{ addEventListener('hashchange', () => setTimeout(done, 0), {{ once: true }}); }}"
        ));
    }

    /// The value of an expression.
    pub fn get(&self, expression: &str) -> Value {
        self.run(&format!("return ({expression});"))
    }

    /// A number that an expression has.
    pub fn number(&self, expression: &str) -> f64 {
        self.get(expression).as_f64().unwrap_or_else(|| panic!("a number: {expression}"))
    }

    /// A text that an expression has.
    pub fn text(&self, expression: &str) -> String {
        self.get(expression).as_str().unwrap_or_else(|| panic!("a text: {expression}")).to_owned()
    }

    /// Texts that an expression has.
    pub fn texts(&self, expression: &str) -> Vec<String> {
        let list = self.get(expression);
        let list = list.as_array().unwrap_or_else(|| panic!("a list: {expression}"));
        list.iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Whether an expression holds.
    pub fn holds(&self, expression: &str) -> bool {
        self.get(&format!("!!({expression})")) == true
    }

    /// Runs a script.
    pub fn run(&self, script: &str) -> Value {
        self.browser
            .run(self.browser.client.execute(script, Vec::new()))
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script that calls its last argument with what comes of it.
    pub fn run_async(&self, script: &str) -> Value {
        self.browser
            .run(self.browser.client.execute_async(script, Vec::new()))
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression holds.
    pub fn until(&self, expression: &str) {
        let client = &self.browser.client;
        let script = format!("return !!({expression});");
        let held = async {
            loop {
                if client.execute(&script, Vec::new()).await.expect("the expression has a value") == true {
                    return;
                }
                // Until the page has drawn itself again.
                let drawn = "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 0));";
                client.execute_async(drawn, Vec::new()).await.expect("the page is drawn");
            }
        };
        let held = self.browser.runtime.block_on(async { tokio::time::timeout(DEADLINE, held).await });
        assert!(held.is_ok(), "never held: {expression}\nat {}", self.text("location.href"));
    }

    /// Clicks what a selector finds, as with a mouse: it has to be visible.
    pub fn click(&self, selector: &str) {
        let clicked = async { self.browser.client.find(Locator::Css(selector)).await?.click().await };
        self.browser.run(clicked).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Types into what a selector finds.
    pub fn type_into(&self, selector: &str, text: &str) {
        let typed = async { self.browser.client.find(Locator::Css(selector)).await?.send_keys(text).await };
        self.browser.run(typed).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Chooses an option of what a selector finds, by keyboard.
    pub fn choose(&self, selector: &str, value: &str) {
        let at = self.number(&format!(
            "(s => {{ s.focus(); return [...s.options].findIndex(o => o.value === '{value}'); }})\
             (document.querySelector('{selector}'))"
        ));
        assert!(at >= 0.0, "{selector} offers {value}");
        let mut keys = vec![Key::Home];
        keys.extend((0..at as usize).map(|_| Key::Down));
        self.press(&keys);
        assert_eq!(self.text(&format!("document.querySelector('{selector}').value")), value);
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub fn press(&self, keys: &[Key]) {
        let presses =
            keys.iter().map(|key| char::from(*key)).fold(KeyActions::new("keys".to_owned()), |keys, value| {
                keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
            });
        self.browser.run(self.browser.client.perform_actions(presses)).expect("keys can be pressed");
    }

    /// Makes the viewport that wide.
    pub fn wide(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// Emulates features of media: `prefers-color-scheme`, `prefers-reduced-motion`.
    pub fn prefers(&self, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Whether scripts of pages run that are loaded from now on.
    pub fn scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        // A test that failed has said so already; the next one opens a tab of its own.
        let client = &self.browser.client;
        let closed = async {
            client.close_window().await?;
            client.switch_to_window(self.browser.home.clone()).await
        };
        let _ = self.browser.runtime.block_on(async { tokio::time::timeout(DEADLINE, closed).await });
    }
}

/// Nothing of a browser is left when it is not wanted any more.
#[test]
fn no_browser_outlives_its_test() {
    use super::common::{alive, eventually};
    let Some(browser) = Browser::start() else { return };
    let process = browser.client.capabilities().and_then(|about| about["goog:processID"].as_i64());
    let process = process.and_then(|id| i32::try_from(id).ok()).expect("its process");
    let profile = browser.profile.path().to_owned();
    assert!(alive(process) && profile.exists());
    drop(browser);
    assert!(eventually(|| !alive(process)), "process {process} is still there");
    assert!(!profile.exists());
}
