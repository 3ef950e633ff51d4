//! A certificate authority that nobody trusts who is not told to.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ws_native::{Identity, Roots, Tls, TlsOptions, certificates_from_pem};

use crate::process::Folder;

/// A server's certificate for `localhost`, its key, and the authority that has issued it.
pub struct Certificate {
    root: String,
    certificate: String,
    key: String,
}

impl Certificate {
    /// Makes an authority, and a certificate by it.
    pub fn for_localhost() -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = server.signed_by(&key, &authority).unwrap();
        Self { root: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// TLS for a client that trusts this authority and no other.
    pub fn trusted(&self) -> Tls {
        let mut options = TlsOptions::default();
        options.roots = Roots::Own(certificates_from_pem(self.root.as_bytes()).unwrap());
        Tls::new(options).unwrap()
    }

    /// The authority's certificate, as PEM.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// What a server shows.
    pub fn identity(&self) -> Identity {
        Identity::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }

    /// Writes `certificate.pem` and `key.pem`, and both of them into `both.pem`.
    pub(crate) fn write(&self, folder: &Folder) {
        folder.write("certificate.pem", &self.certificate);
        folder.write("key.pem", &self.key);
        folder.write("both.pem", &format!("{}{}", self.certificate, self.key));
    }
}
