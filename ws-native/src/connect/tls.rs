//! TLS, by rustls: which servers to trust, and which certificate to show.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::BuilderVerifierExt as _;
#[cfg(feature = "blocking")]
use tokio_rustls::rustls::client::ClientConnection;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::ConnectOptions;
use super::unverified::Unverified;
use crate::Stream;

/// The name of HTTP/1.1 in ALPN.
const HTTP1: &[u8] = b"http/1.1";

/// How a client uses TLS. Clones share their sessions, so that further handshakes with a server are
/// shorter.
///
/// ```
/// use ws_native::{ConnectOptions, Roots, Tls, TlsOptions, certificates_from_pem};
/// # let pem = rcgen::generate_simple_self_signed(["localhost".to_string()])?.cert.pem();
/// let mut options = TlsOptions::default();
/// options.roots = Roots::Own(certificates_from_pem(pem.as_bytes())?);
/// let mut connect = ConnectOptions::default();
/// connect.tls = Some(Tls::new(options)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

/// What [`Tls`] is made of. For anything else, make it of a rustls configuration:
/// `Tls::from(Arc<ClientConfig>)`.
///
/// ```
/// use ws_native::{Identity, Tls, TlsOptions};
/// # let made = rcgen::generate_simple_self_signed(["client".to_string()])?;
/// # let (certificates, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// // What a server asks for that knows its clients by their certificates.
/// let mut options = TlsOptions::default();
/// options.identity = Some(Identity::from_pem(certificates.as_bytes(), key.as_bytes())?);
/// let tls = Tls::new(options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// Who may vouch for a server. Default: the authorities that the platform trusts.
    pub roots: Roots,
    /// The certificate that the client shows to a server that asks for one. Default: none.
    pub identity: Option<Identity>,
}

/// Who may vouch for a server.
///
/// ```
/// use ws_native::{Roots, TlsOptions, certificates_from_pem};
/// # let pem = rcgen::generate_simple_self_signed(["localhost".to_string()])?.cert.pem();
/// // A company's own authority, from a PEM file.
/// let mut options = TlsOptions::default();
/// options.roots = Roots::Own(certificates_from_pem(pem.as_bytes())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Roots {
    /// The authorities that the platform trusts, verified as the platform does.
    #[default]
    Platform,
    /// The authorities that Mozilla trusted when the program was built.
    #[cfg(feature = "webpki-roots")]
    Bundled,
    /// These and no others.
    Own(Vec<CertificateDer<'static>>),
    /// None: every certificate is accepted, for any name. For tests only: anybody on the way can
    /// read and change what is sent.
    Unverified,
}

/// A chain of certificates and the key of the first.
///
/// ```
/// # let made = rcgen::generate_simple_self_signed(["localhost".to_string()])?;
/// # let (certificates, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// let identity = ws_native::Identity::from_pem(certificates.as_bytes(), key.as_bytes())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Identity {
    /// The certificate, and those of its issuers up to a root.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The certificate's private key.
    pub key: PrivateKeyDer<'static>,
}

/// What cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// It is not PEM, or not a key.
    #[error("the PEM cannot be read: {0}")]
    Pem(#[from] tokio_rustls::rustls::pki_types::pem::Error),
    /// It has no private key.
    #[error("there is no private key in the PEM")]
    NoKey,
    /// It has no certificate.
    #[error("there is no certificate in the PEM")]
    NoCertificate,
    /// rustls does not take it.
    #[error(transparent)]
    Rustls(#[from] tokio_rustls::rustls::Error),
}

/// The certificates of a PEM file, one or many.
///
/// # Errors
/// [`TlsError::Pem`], [`TlsError::NoCertificate`].
pub fn certificates_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() { Err(TlsError::NoCertificate) } else { Ok(certificates) }
}

impl Identity {
    /// Reads the chain, the certificate first, and the key.
    ///
    /// # Errors
    /// [`TlsError::Pem`], [`TlsError::NoCertificate`], [`TlsError::NoKey`].
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            pem::Error::NoItemsFound => TlsError::NoKey,
            error => error.into(),
        })?;
        Ok(Self { certificates: certificates_from_pem(certificates)?, key })
    }

    /// The configuration of a server that shows it.
    ///
    /// # Errors
    /// [`TlsError::Rustls`]: the key is not the certificate's.
    pub fn into_server_config(self) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.certificates, self.key)?;
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Arc::new(config))
    }
}

impl Tls {
    /// TLS with these settings.
    ///
    /// # Errors
    /// [`TlsError::Rustls`]: a root is no certificate, the key is not the certificate's, the platform has no roots.
    pub fn new(options: TlsOptions) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = options.roots.verify(builder)?;
        let mut config = match options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_auth_cert(identity.certificates, identity.key)?,
        };
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// What these options say, or else TLS with the platform's roots.
    pub(crate) fn of(options: &ConnectOptions) -> io::Result<Self> {
        options.tls.clone().map_or_else(Self::platform, Ok).map_err(io::Error::other)
    }

    fn platform() -> Result<Self, TlsError> {
        static PLATFORM: OnceLock<Tls> = OnceLock::new();
        match PLATFORM.get() {
            Some(tls) => Ok(tls.clone()),
            None => {
                let tls = Self::new(TlsOptions::default())?;
                Ok(PLATFORM.get_or_init(|| tls).clone())
            }
        }
    }

    /// The same, but HTTP/2 is offered, too.
    #[cfg(feature = "http2")]
    pub(super) fn with_http2(&self) -> Self {
        let mut config = (*self.0).clone();
        config.alpn_protocols = with_http2();
        Self(Arc::new(config))
    }

    /// The same, but only HTTP/1.1 is offered.
    pub(super) fn with_http1(&self) -> Self {
        if self.0.alpn_protocols.iter().all(|protocol| protocol == HTTP1) {
            return self.clone();
        }
        let mut config = (*self.0).clone();
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Self(Arc::new(config))
    }

    /// Performs the handshake with the server of this name, which may be an IP address.
    pub(super) async fn connect(&self, host: &str, stream: Stream) -> io::Result<Stream> {
        let stream = TlsConnector::from(Arc::clone(&self.0)).connect(server_name(host)?, stream).await?;
        Ok(Stream::tls(stream))
    }

    /// The client's end of a session with the server of this name, which may be an IP address.
    #[cfg(feature = "blocking")]
    pub(crate) fn session(&self, host: &str) -> io::Result<ClientConnection> {
        ClientConnection::new(self.with_http1().0, server_name(host)?).map_err(io::Error::other)
    }
}

/// The configuration may be that of a program's HTTP client, and offer other protocols by ALPN:
/// only HTTP/1.1 is offered here, and HTTP/2 where [`ConnectOptions::http2`] says so.
impl From<Arc<ClientConfig>> for Tls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }
}

impl Roots {
    fn verify(
        self,
        builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
        let mut store = RootCertStore::empty();
        match self {
            Self::Platform => return Ok(builder.with_platform_verifier()?),
            #[cfg(feature = "webpki-roots")]
            Self::Bundled => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::Own(roots) => roots.into_iter().try_for_each(|root| store.add(root))?,
            Self::Unverified => {
                let verifier = Unverified(Arc::clone(builder.crypto_provider()));
                return Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)));
            }
        }
        Ok(builder.with_root_certificates(store))
    }
}

/// The configuration, but only HTTP/1.1 is agreed on.
pub(crate) fn server_with_http1(config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    if config.alpn_protocols.iter().all(|protocol| protocol == HTTP1) {
        return config;
    }
    let mut own = (*config).clone();
    own.alpn_protocols = vec![HTTP1.to_vec()];
    Arc::new(own)
}

/// The configuration, but HTTP/2 is spoken, too.
#[cfg(feature = "http2")]
pub(crate) fn server_with_http2(config: &ServerConfig) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.alpn_protocols = with_http2();
    Arc::new(config)
}

/// The protocols of ALPN, in order of preference.
#[cfg(feature = "http2")]
fn with_http2() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), HTTP1.to_vec()]
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))
}

/// Performs the server's half of the handshake.
pub(crate) async fn accept(config: Arc<ServerConfig>, stream: Stream) -> io::Result<Stream> {
    Ok(Stream::tls(TlsAcceptor::from(config).accept(stream).await?))
}

fn provider() -> Arc<CryptoProvider> {
    static RING: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let ring = || RING.get_or_init(|| Arc::new(ring::default_provider())).clone();
    // If the program has chosen a provider for the whole process, that is used here, too.
    CryptoProvider::get_default().cloned().unwrap_or_else(ring)
}

/// Equal if they are the same configuration, not only one like it.
impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Tls {}

impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Leaves the key out.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.certificates.len()).finish_non_exhaustive()
    }
}
