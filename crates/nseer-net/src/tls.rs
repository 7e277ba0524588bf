//! TLS for scans: any protocol version, any cipher, no verification.
//!
//! A scanner talks to whatever is there, so nothing here protects the data; the contexts must
//! never be used for anything else.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::OnceLock;

use openssl::provider::Provider;
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslMethod, SslMode, SslOptions, SslSessionCacheMode, SslVerifyMode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::error::NetError;

/// A TLS connection over TCP.
pub(crate) trait TlsStream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;
    /// The peer's certificate in DER (X.690).
    fn peer_certificate(&self) -> Option<Vec<u8>>;
}

type Handshake = Pin<Box<dyn Future<Output = Result<Box<dyn TlsStream>, NetError>> + Send>>;

/// Starts TLS on connections. Hides the TLS library from the rest of the crate.
pub(crate) trait TlsConnector: Send + Sync {
    /// Shakes hands; `sni` is the server name to ask for.
    fn connect(&self, tcp: TcpStream, sni: Option<&str>) -> Handshake;
}

/// OpenSSL, set up at its first use.
#[derive(Default)]
pub(crate) struct OpensslConnector {
    context: OnceLock<Result<Context, String>>,
}

struct Context {
    ssl: SslContext,
    /// Providers are unloaded when dropped.
    _providers: Vec<Provider>,
}

impl OpensslConnector {
    fn ssl(&self, sni: Option<&str>) -> Result<Ssl, NetError> {
        let context = self.context.get_or_init(|| context().map_err(|e| e.to_string()));
        let context = context.as_ref().map_err(|text| NetError::Tls(text.clone()))?;
        let tls = |e: openssl::error::ErrorStack| NetError::Tls(e.to_string());
        let mut ssl = Ssl::new(&context.ssl).map_err(tls)?;
        // RFC 6066 section 3 allows names only.
        if let Some(name) = sni.filter(|name| name.parse::<IpAddr>().is_err() && !name.is_empty())
        {
            // A name that OpenSSL does not take is not worth failing for.
            let _ = ssl.set_hostname(name);
        }
        Ok(ssl)
    }
}

/// `SSL_OP_LEGACY_SERVER_CONNECT` (SSL_CTX_set_options(3)), which the crate does not name.
const LEGACY_SERVER_CONNECT: u64 = 1 << 2;

fn context() -> Result<Context, openssl::error::ErrorStack> {
    let mut providers = Vec::new();
    // Loading one provider by hand turns the implicit default off, so both are named. A library
    // without the legacy provider does without its algorithms.
    if let Ok(legacy) = Provider::try_load(None, "legacy", true) {
        providers.push(legacy);
    }
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_security_level(0);
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_min_proto_version(None)?;
    builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0")?;
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(
        SslOptions::ALL
            | SslOptions::NO_TICKET
            | SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION
            | SslOptions::from_bits_retain(LEGACY_SERVER_CONNECT),
    );
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    Ok(Context { ssl: builder.build(), _providers: providers })
}

impl TlsConnector for OpensslConnector {
    fn connect(&self, tcp: TcpStream, sni: Option<&str>) -> Handshake {
        let ssl = self.ssl(sni);
        Box::pin(async move {
            let mut stream = SslStream::new(ssl?, tcp)
                .map_err(|e| NetError::Tls(e.to_string()))?;
            match Pin::new(&mut stream).connect().await {
                Ok(()) => Ok(Box::new(stream) as Box<dyn TlsStream>),
                Err(error) => Err(handshake_error(error)),
            }
        })
    }
}

fn handshake_error(error: openssl::ssl::Error) -> NetError {
    match error.into_io_error() {
        Ok(io) => NetError::Io(io),
        Err(error) if error.code() == ErrorCode::SYSCALL => {
            NetError::Tls("the peer closed the connection".to_owned())
        }
        Err(error) => NetError::Tls(error.to_string()),
    }
}

impl TlsStream for SslStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref()
    }

    fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.ssl().peer_certificate().and_then(|c| c.to_der().ok())
    }
}
