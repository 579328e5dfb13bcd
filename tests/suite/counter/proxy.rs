//! A connection that can be cut between browser and server.

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How the connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Everything passes.
    Whole,
    /// What the browser says arrives, what the server answers does not.
    AnswersLost,
    /// Nothing passes.
    Cut,
}

/// The way to a server.
pub(crate) struct Proxy {
    pub(crate) address: String,
    line: watch::Sender<Line>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Begins, whole.
    pub(crate) async fn start(server: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (line, state) = watch::channel(Line::Whole);
        let server = server.to_owned();
        let task = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                let now = *state.borrow();
                if now != Line::Cut {
                    tokio::spawn(pass(browser, server.clone(), state.clone()));
                }
            }
        });
        Proxy { address, line, task }
    }

    /// Changes how the connection is.
    pub(crate) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, until one side ends it or it is cut.
async fn pass(mut browser: TcpStream, server: String, mut state: watch::Receiver<Line>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let now = state.clone();
    let (mut asked, mut answered) = ([0; 16 << 10], [0; 16 << 10]);
    loop {
        tokio::select! {
            read = browser.read(&mut asked) => match read {
                Ok(length @ 1..) => server.write_all(&asked[..length]).await.unwrap(),
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(length @ 1..) if whole(&now) => {
                    if browser.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
                // The answer is there, and is lost.
                _ => return,
            },
            () = cut(&mut state) => return,
        }
    }
}

fn whole(state: &watch::Receiver<Line>) -> bool {
    *state.borrow() == Line::Whole
}

async fn cut(state: &mut watch::Receiver<Line>) {
    // An error means that the test is over.
    let _ = state.wait_for(|line| *line == Line::Cut).await;
}
