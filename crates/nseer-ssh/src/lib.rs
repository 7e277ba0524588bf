//! The client side of SSH as scripts use it: sessions, authentication, channels.
//!
//! It knows no Lua, no scripts and no policy, and opens no connection: it is given a stream. What
//! it does, it does for a scanner: any host key is accepted, and algorithms that no other client
//! should offer are offered, because old servers must be seen. Written from RFC 4252, 4253 and
//! 4254.

mod algorithms;
mod authentication;
mod channel;
mod error;
mod key;
mod line;
mod session;

pub use authentication::{Answer, Methods, Question};
pub use channel::{Channel, Output, Terminal};
pub use error::SshError;
pub use key::{PrivateKey, PublicKey};
pub use session::Session;
