//! The algorithms that OpenSSL 3 sets apart as old. Knows none of them by name.

use std::sync::OnceLock;

use openssl::provider::Provider;

/// Makes the old algorithms available to the process, if the library has them. Providers are unloaded
/// when dropped, so it is kept.
pub(crate) fn load_legacy() {
    static LEGACY: OnceLock<Option<Provider>> = OnceLock::new();
    LEGACY.get_or_init(|| Provider::try_load(None, "legacy", true).ok());
}
