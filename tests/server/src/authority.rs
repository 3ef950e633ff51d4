//! A certificate authority that nobody trusts who is not told to.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use ws_native::Identity;

/// An authority of this process, and what a server shows that it has certified.
pub struct Authority {
    root: String,
    certificate: String,
    key: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes an authority, and a certificate by it for the names of this machine.
    ///
    /// # Errors
    /// What the makers of keys and certificates say.
    pub fn new() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut authority = CertificateParams::default();
        // A certificate whose issuer has its own name would be taken for its own issuer.
        authority.distinguished_name.push(DnType::CommonName, "An authority for tests");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        let (certificate, key) = (certificate.signed_by(&key, &authority)?.pem(), key.serialize_pem());
        let server = Identity::from_pem(certificate.as_bytes(), key.as_bytes())?.into_server_config()?;
        Ok(Self { root: authority.pem(), certificate, key, server })
    }

    /// The authority's own certificate, as PEM.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The server's certificate, as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key to it, as PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}
