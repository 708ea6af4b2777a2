//! `--metrics`: figures for Prometheus, by a small HTTP server that has nothing else.
//!
//! It answers `GET /metrics` (RFC 9112) and nothing else, one request for a connection. How long a request may be and take is
//! limited, and so is how many are answered at a time: others are turned away at once, so that no client can take memory or
//! hold anything up.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// Octets of a request at most, with its header fields.
const MAX_REQUEST: usize = 8 << 10;
/// How long a client may take to send a request and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for figures that are of now; then those of before must do.
const FRESH: Duration = Duration::from_secs(1);
/// Requests that are answered at a time.
const MAX_CLIENTS: usize = 16;
/// How long to wait when the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Where figures are told.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
pub(crate) struct MetricsArgs {
    /// Tell figures to Prometheus at this address: 127.0.0.1:9100, GET /metrics
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Let --metrics be reached from other machines; there is no password
    #[arg(long, requires = "metrics")]
    metrics_public: bool,
}

/// The figures, written when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Page {
    is_wanted: AtomicBool,
    text: Mutex<(u64, Arc<Vec<u8>>)>,
    written: Condvar,
}

impl Page {
    /// Returns whether somebody waits for figures; whoever is told writes them.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed) && self.is_wanted.swap(false, Ordering::Relaxed)
    }

    /// Takes the figures of now.
    pub(crate) fn set(&self, text: Vec<u8>) {
        let mut current = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, Arc::new(text));
        drop(current);
        self.written.notify_all();
    }

    /// Asks for figures and returns them, or older ones if that takes too long.
    fn get(&self) -> Arc<Vec<u8>> {
        let current = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let known = current.0;
        self.is_wanted.store(true, Ordering::Relaxed);
        let (current, _) = self
            .written
            .wait_timeout_while(current, FRESH, |current| current.0 == known)
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.1)
    }
}

impl MetricsArgs {
    /// Opens the port, if that is wanted: anybody may ask once [`serve`] is called.
    pub(crate) fn open(&self) -> anyhow::Result<Option<TcpListener>> {
        let Some(address) = self.metrics else {
            return Ok(None);
        };
        if !is_local(address.ip()) && !self.metrics_public {
            bail!(
                "--metrics: {} can be reached from other machines, and there is no password; take 127.0.0.1, or add \
                 --metrics-public",
                address.ip()
            );
        }
        let listener = TcpListener::bind(address);
        let listener =
            listener.with_context(|| format!("--metrics: cannot listen at {address}"))?;
        Ok(Some(listener))
    }
}

/// Returns whether nobody else can reach an address.
fn is_local(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Answers whoever asks, as long as the program runs.
pub(crate) fn serve(listener: TcpListener, page: Arc<Page>) -> anyhow::Result<()> {
    let clients = Arc::new(AtomicUsize::new(0));
    let accept = move || {
        loop {
            let Ok((client, _)) = listener.accept() else {
                // Too many open files, for example: they will be fewer.
                std::thread::sleep(PAUSE);
                continue;
            };
            let place = Place::take(&clients);
            let (Some(place), page) = (place, Arc::clone(&page)) else {
                let _ = respond(&client, "503 Service Unavailable", b"too many requests\n");
                continue;
            };
            let thread = std::thread::Builder::new().name("metrics".to_owned());
            // If there is no thread the client is hung up on.
            let _ = thread.spawn(move || {
                // A client that is gone is nobody to tell.
                let _ = answer(&client, &page);
                drop(place);
            });
        }
    };
    let thread = std::thread::Builder::new().name("metrics-port".to_owned());
    thread.spawn(accept).context("cannot answer requests")?;
    Ok(())
}

/// One of the requests that are answered at a time.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(clients: &Arc<AtomicUsize>) -> Option<Self> {
        let more = |count: usize| (count < MAX_CLIENTS).then_some(count + 1);
        let taken = clients.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Self(Arc::clone(clients)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(client: &TcpStream, page: &Page) -> io::Result<()> {
    client.set_nodelay(true)?;
    let Some(request) = read_request(client)? else {
        return respond(client, "400 Bad Request", b"bad request\n");
    };
    match judge(&request) {
        Verdict::Metrics { is_head } => {
            let text = page.get();
            let body: &[u8] = if is_head { &[] } else { &text };
            respond_with(client, "200 OK", text.len(), body)
        }
        Verdict::NotFound => respond(client, "404 Not Found", b"there is only /metrics\n"),
        Verdict::NotAllowed => respond(client, "405 Method Not Allowed", b"GET only\n"),
        Verdict::Bad => respond(client, "400 Bad Request", b"bad request\n"),
    }
}

/// What a request asks for.
#[derive(Debug, Eq, PartialEq)]
enum Verdict {
    Metrics { is_head: bool },
    NotFound,
    NotAllowed,
    Bad,
}

/// Judges a request by its first line (RFC 9112 §3).
fn judge(request: &[u8]) -> Verdict {
    let line = request.split(|octet| *octet == b'\n').next();
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    let words: Vec<&str> = line.unwrap_or_default().trim_end().split(' ').collect();
    let [method, target, version] = words.as_slice() else {
        return Verdict::Bad;
    };
    if !version.starts_with("HTTP/1.") {
        return Verdict::Bad;
    }
    let path = target.split('?').next().unwrap_or_default();
    match *method {
        "GET" | "HEAD" if path == "/metrics" => Verdict::Metrics {
            is_head: *method == "HEAD",
        },
        "GET" | "HEAD" => Verdict::NotFound,
        _ => Verdict::NotAllowed,
    }
}

/// Reads a request up to the empty line that ends it; nothing if it is too long, too slow or not whole.
fn read_request(mut client: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let begin = now();
    let (mut request, mut block) = (Vec::new(), [0; 1024]);
    loop {
        // Each octet could come just in time.
        let Some(left) = PATIENCE.checked_sub(begin.elapsed()) else {
            return Ok(None);
        };
        client.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let count = match client.read(&mut block) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Ok(None),
        };
        request.extend_from_slice(block.get(..count).unwrap_or_default());
        let is_end = |end: &[u8]| request.windows(end.len()).any(|window| window == end);
        if is_end(b"\r\n\r\n") || is_end(b"\n\n") {
            return Ok(Some(request));
        }
        if request.len() > MAX_REQUEST {
            return Ok(None);
        }
    }
}

fn respond(client: &TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    respond_with(client, status, body.len(), body)
}

fn respond_with(mut client: &TcpStream, status: &str, len: usize, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {len}\r\n\
         Connection: close\r\n\r\n"
    );
    let begin = now();
    client.set_write_timeout(Some(PATIENCE))?;
    for piece in [head.as_bytes(), body]
        .iter()
        .flat_map(|part| part.chunks(16 << 10))
    {
        if begin.elapsed() > PATIENCE {
            break;
        }
        client.write_all(piece)?;
    }
    client.shutdown(Shutdown::Write)
}

/// Returns the time of the machine, for how long to wait: never for what is said about packets.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a client takes is no matter of packets"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_metrics_are_told() {
        for (request, expected) in [
            (
                "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
                Verdict::Metrics { is_head: false },
            ),
            (
                "GET /metrics?x=1 HTTP/1.0\n\n",
                Verdict::Metrics { is_head: false },
            ),
            (
                "HEAD /metrics HTTP/1.1\r\n\r\n",
                Verdict::Metrics { is_head: true },
            ),
            ("GET / HTTP/1.1\r\n\r\n", Verdict::NotFound),
            ("GET /metrics/../x HTTP/1.1\r\n\r\n", Verdict::NotFound),
            ("POST /metrics HTTP/1.1\r\n\r\n", Verdict::NotAllowed),
            ("GET /metrics\r\n\r\n", Verdict::Bad),
            ("GET /metrics FTP/1.1\r\n\r\n", Verdict::Bad),
            ("\r\n\r\n", Verdict::Bad),
            ("\u{0}\u{1}", Verdict::Bad),
        ] {
            assert_eq!(judge(request.as_bytes()), expected, "{request:?}");
        }
        assert_eq!(judge(&[0xff; 100]), Verdict::Bad);
    }

    #[test]
    fn only_loopback_is_local() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("192.0.2.1", false),
            ("10.0.0.1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_local(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn places_are_limited_and_come_back() {
        let clients = Arc::new(AtomicUsize::new(0));
        let mut places: Vec<Place> = std::iter::from_fn(|| Place::take(&clients)).collect();
        assert_eq!(places.len(), MAX_CLIENTS);
        places.pop();
        assert!(Place::take(&clients).is_some());
        drop(places);
        assert_eq!(clients.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn figures_are_of_now_if_they_come_in_time() {
        let page = Arc::new(Page::default());
        assert!(!page.is_wanted());
        page.set(b"old".to_vec());
        assert_eq!(**page.get(), b"old"[..]);
        assert!(page.is_wanted() && !page.is_wanted());
        let writer = Arc::clone(&page);
        let thread = std::thread::spawn(move || {
            while !writer.is_wanted() {
                std::thread::yield_now();
            }
            writer.set(b"new".to_vec());
        });
        assert_eq!(**page.get(), b"new"[..]);
        thread.join().unwrap();
    }
}
