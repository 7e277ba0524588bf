//! TLS and DTLS for scans: any protocol version, any cipher, no verification.
//!
//! A scanner talks to whatever is there, so nothing here protects the data; the contexts must
//! never be used for anything else. Outside this file and `certificate` nothing knows OpenSSL.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{
    Error, ErrorCode, Ssl, SslContext, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslStream, SslVerifyMode,
};
use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket};

use crate::error::NetError;
use crate::stream::Stop;

/// Starts TLS on connections. Hides the TLS library from the rest of the crate.
pub(crate) trait TlsConnector: Send + Sync {
    /// A session over `wire` whose hands are not shaken yet; `sni` is the server name to ask for.
    fn session(&self, wire: Wire, sni: Option<&str>) -> Result<Box<dyn TlsSession>, NetError>;
}

/// A TLS session over a connection. Nothing here waits. Dropping it tells the peer that no
/// more data comes, if that needs no waiting.
pub(crate) trait TlsSession: Send + Sync {
    /// Gets on with the handshake. Over datagrams, sends again what was not answered in time.
    fn shake_hands(&mut self) -> Result<(), Stop>;
    /// Reads from one record; 0 at the end, whether the peer announced it or not.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop>;
    /// Writes at most one record. `data` is not empty.
    fn write(&mut self, data: &[u8]) -> Result<usize, Stop>;
    /// The connection ended, whether the peer announced that or not.
    fn is_cut(&self) -> bool;
    /// The peer's certificate in DER (X.690).
    fn peer_certificate(&self) -> Option<Vec<u8>>;
}

/// OpenSSL, set up at its first use.
#[derive(Default)]
pub(crate) struct OpensslConnector {
    streams: OnceLock<Result<Context, String>>,
    datagrams: OnceLock<Result<Context, String>>,
}

struct Context {
    ssl: SslContext,
    /// Providers are unloaded when dropped.
    _legacy: Option<Provider>,
}

impl TlsConnector for OpensslConnector {
    fn session(&self, wire: Wire, sni: Option<&str>) -> Result<Box<dyn TlsSession>, NetError> {
        let context = match &wire {
            Wire::Stream(..) => self.streams.get_or_init(|| context(SslMethod::tls_client())),
            Wire::Datagrams(_) => self.datagrams.get_or_init(|| context(SslMethod::dtls_client())),
        };
        let context = context.as_ref().map_err(|text| NetError::Tls(text.clone()))?;
        let failed = |e: ErrorStack| NetError::Tls(e.to_string());
        let mut ssl = Ssl::new(&context.ssl).map_err(failed)?;
        if let Some(name) = sni.filter(|name| is_server_name(name)) {
            ssl.set_hostname(name).map_err(failed)?;
        }
        if matches!(wire, Wire::Datagrams(_)) {
            ssl.set_mtu(MTU).map_err(failed)?;
        }
        let stream = SslStream::new(ssl, wire).map_err(failed)?;
        Ok(Box::new(OpensslSession { stream }))
    }
}

/// RFC 6066 section 3 allows names only; the library takes at most 255 bytes and no NUL.
fn is_server_name(name: &str) -> bool {
    let address = name.split('%').next().unwrap_or_default();
    (1..=255).contains(&name.len()) && !name.contains('\0') && address.parse::<IpAddr>().is_err()
}

/// `SSL_OP_LEGACY_SERVER_CONNECT` (SSL_CTX_set_options(3)), which the crate does not name.
const LEGACY_SERVER_CONNECT: u64 = 1 << 2;

/// The key exchanges that are offered. The first alone comes with a key: to make one for the post-quantum
/// group too, as newer libraries do by default, is a tenth of the work of a scan of TLS servers.
const GROUPS: &str =
    "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192";

/// The group that libraries before OpenSSL 3.5 do not know.
const NEWEST_GROUP: &str = "X25519MLKEM768";

/// Bytes of a datagram that pass every network: the least that IPv6 asks of a link (RFC 8200,
/// section 5), without the headers of IPv6 and UDP.
const MTU: u32 = 1280 - 40 - 8;

fn context(method: SslMethod) -> Result<Context, String> {
    build_context(method).map_err(|error| error.to_string())
}

fn build_context(method: SslMethod) -> Result<Context, ErrorStack> {
    // A library without the legacy provider does without its algorithms.
    let legacy = Provider::try_load(None, "legacy", true).ok();
    let mut builder = SslContext::builder(method)?;
    builder.set_security_level(0);
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_min_proto_version(None)?;
    builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0")?;
    builder
        .set_groups_list(&format!("{GROUPS}:{NEWEST_GROUP}"))
        .or_else(|_| builder.set_groups_list(GROUPS))?;
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    // A flight of the handshake has many small records; without this each takes two calls of the system.
    builder.set_read_ahead(true);
    builder.set_options(
        SslOptions::ALL
            | SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION
            | SslOptions::IGNORE_UNEXPECTED_EOF
            | SslOptions::NO_QUERY_MTU
            | SslOptions::from_bits_retain(LEGACY_SERVER_CONNECT),
    );
    builder.set_mode(
        SslMode::AUTO_RETRY
            | SslMode::ENABLE_PARTIAL_WRITE
            | SslMode::ACCEPT_MOVING_WRITE_BUFFER
            | SslMode::RELEASE_BUFFERS,
    );
    Ok(Context { ssl: builder.build(), _legacy: legacy })
}

/// The connection as OpenSSL sees it: it reads and writes what it can without waiting.
#[derive(Debug)]
pub(crate) enum Wire {
    /// A connection.
    Stream(Line),
    /// A connected socket: each write is a datagram.
    Datagrams(Arc<UdpSocket>),
}

/// A connection under TLS. OpenSSL goes on reading within one call as long as what comes is none of the
/// data, which a peer can keep up for ever; so what it may read is counted.
#[derive(Debug)]
pub(crate) struct Line {
    tcp: Arc<TcpStream>,
    /// The peer sends no more.
    ended: bool,
    /// Bytes that it may still read.
    left: usize,
    /// What it may not read any more is too much, not just for now.
    is_shaking: bool,
}

/// Far more than the longest chain of certificates that OpenSSL takes.
const MOST_OF_A_HANDSHAKE: usize = 1 << 20;

/// Many records: a step of reading ends at the first one with data.
const MOST_OF_A_STEP: usize = 1 << 18;

impl Line {
    /// Hands have not been shaken yet.
    pub(crate) fn new(tcp: Arc<TcpStream>) -> Line {
        Line { tcp, ended: false, left: MOST_OF_A_HANDSHAKE, is_shaking: true }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.left {
            0 if self.is_shaking => return Err(io::Error::other("the TLS handshake has no end")),
            // Others have their turn.
            0 => return Err(io::ErrorKind::WouldBlock.into()),
            _ => {}
        }
        let n = self.tcp.try_read(buffer)?;
        self.left = self.left.saturating_sub(n);
        self.ended |= n == 0 && !buffer.is_empty();
        Ok(n)
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Stream(line) => line.read(buffer),
            Wire::Datagrams(udp) => udp.try_recv(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Stream(line) => line.tcp.try_write(data),
            Wire::Datagrams(udp) => udp.try_send(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct OpensslSession {
    stream: SslStream<Wire>,
}

impl OpensslSession {
    /// The next call may read for a while.
    fn begin_step(&mut self) {
        if let Wire::Stream(line) = self.stream.get_mut() {
            (line.left, line.is_shaking) = (MOST_OF_A_STEP, false);
        }
    }
}

impl TlsSession for OpensslSession {
    fn shake_hands(&mut self) -> Result<(), Stop> {
        self.stream.connect().map_err(stop)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        self.begin_step();
        self.stream.ssl_read(buffer).or_else(|error| match error.code() {
            ErrorCode::ZERO_RETURN => Ok(0),
            ErrorCode::SYSCALL if error.io_error().is_none() => Ok(0),
            _ => Err(stop(error)),
        })
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, Stop> {
        self.begin_step();
        self.stream.ssl_write(data).map_err(stop)
    }

    fn is_cut(&self) -> bool {
        matches!(self.stream.get_ref(), Wire::Stream(line) if line.ended)
    }

    fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.stream.ssl().peer_certificate()?.to_der().ok()
    }
}

impl Drop for OpensslSession {
    fn drop(&mut self) {
        // One attempt: the connection is going away whatever comes of it.
        let _ = self.stream.shutdown();
    }
}

fn stop(error: Error) -> Stop {
    match error.code() {
        ErrorCode::WANT_READ => Stop::Wait(Interest::READABLE),
        ErrorCode::WANT_WRITE => Stop::Wait(Interest::WRITABLE),
        ErrorCode::SYSCALL if error.io_error().is_none() => {
            Stop::Failed(NetError::Tls("the peer closed the connection".to_owned()))
        }
        _ => Stop::Failed(match error.into_io_error() {
            Ok(io) => NetError::Io(io),
            Err(error) => NetError::Tls(error.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_names() {
        let check = |name: &str, want| assert_eq!(is_server_name(name), want, "{name:?}");
        check("example.org", true);
        check("127.0.0.1", false);
        check("fe80::1%eth0", false);
        check("", false);
        check("a\0b", false);
        check(&"a".repeat(256), false);
    }
}
