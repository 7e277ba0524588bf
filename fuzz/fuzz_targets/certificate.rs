//! Certificates in DER, as any TLS server may send them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_net::certificate::Certificate;

fuzz_target!(|der: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(der) {
        let text: usize =
            certificate.extensions.iter().filter_map(|e| Some(e.value.as_ref().ok()?.len())).sum();
        // OpenSSL writes a byte as a few characters, with indents.
        assert!(text <= 10_000 + 100 * der.len(), "{text} characters of {} bytes", der.len());
        assert!(certificate.digest("sha256").is_some_and(|digest| digest.len() == 32));
    }
});
