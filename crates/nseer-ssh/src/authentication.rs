//! Logging in: which ways a server has, and going them.

use russh::Signer;
use russh::client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};

use crate::error::SshError;
use crate::key::{PrivateKey, PublicKey};
use crate::session::{Listener, Session};

/// The ways in which a user may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// The server let the user in at once.
    None,
    /// These, in the server's order.
    These(Vec<&'static str>),
}

/// What a server asks somebody who types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name of the question.
    pub name: String,
    /// What to do.
    pub instruction: String,
    /// One text for each answer that is wanted.
    pub prompts: Vec<String>,
}

/// What a server says to somebody who types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Logged in.
    Accepted,
    /// Not logged in.
    Refused,
    /// It wants to know more; see [`Session::keyboard_answer`].
    Asked(Question),
}

impl From<KeyboardInteractiveAuthResponse> for Answer {
    fn from(response: KeyboardInteractiveAuthResponse) -> Self {
        use KeyboardInteractiveAuthResponse as Response;
        match response {
            Response::Success => Answer::Accepted,
            Response::Failure { .. } => Answer::Refused,
            Response::InfoRequest { name, instructions, prompts } => Answer::Asked(Question {
                name,
                instruction: instructions,
                prompts: prompts.into_iter().map(|p| p.prompt).collect(),
            }),
        }
    }
}

/// A signer that only notes that it was asked to sign: the server would take the key.
struct Witness {
    asked: bool,
}

/// Why [`Witness`] did not sign.
enum NotSigned {
    OnPurpose,
    Gone,
}

impl From<russh::SendError> for NotSigned {
    fn from(_: russh::SendError) -> Self {
        NotSigned::Gone
    }
}

impl Signer for Witness {
    type Error = NotSigned;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        _: Option<HashAlg>,
        _: Vec<u8>,
    ) -> Result<Vec<u8>, NotSigned> {
        self.asked = true;
        Err(NotSigned::OnPurpose)
    }
}

impl Session {
    /// The ways in which `user` may log in, found out by trying it without any.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn methods(&self, user: &str) -> Result<Methods, SshError> {
        let result = self.ask(async |handle| handle.authenticate_none(user).await).await?;
        match self.verdict(result)? {
            None => Ok(Methods::None),
            Some(methods) => Ok(Methods::These(methods)),
        }
    }

    /// Tries a password. Gives whether the user is now logged in.
    ///
    /// # Errors
    /// As [`SshError`] has them; a refusal is none.
    pub async fn password(&self, user: &str, password: &str) -> Result<bool, SshError> {
        let result =
            self.ask(async |handle| handle.authenticate_password(user, password).await).await?;
        Ok(self.verdict(result)?.is_none())
    }

    /// Tries a key. Gives whether the user is now logged in.
    ///
    /// # Errors
    /// As [`SshError`] has them; a refusal is none.
    pub async fn publickey(&self, user: &str, key: &PrivateKey) -> Result<bool, SshError> {
        let is_rsa = key.0.algorithm().is_rsa();
        let result = self
            .ask(async |handle| {
                let hash = rsa_hash(handle, is_rsa).await?;
                let key = PrivateKeyWithHashAlg::new(key.0.clone(), hash);
                handle.authenticate_publickey(user, key).await
            })
            .await?;
        Ok(self.verdict(result)?.is_none())
    }

    /// Whether the server would take a key, of which only the public half is at hand.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn would_accept(&self, user: &str, key: &PublicKey) -> Result<bool, SshError> {
        let is_rsa = key.0.algorithm().is_rsa();
        let mut witness = Witness { asked: false };
        let result = self
            .ask(async |handle| {
                let hash = rsa_hash(handle, is_rsa).await?;
                let key = key.0.clone();
                match handle.authenticate_publickey_with(user, key, hash, &mut witness).await {
                    Ok(result) => Ok(Some(result)),
                    Err(NotSigned::OnPurpose) => Ok(None),
                    Err(NotSigned::Gone) => Err(russh::Error::SendError),
                }
            })
            .await?;
        match result {
            // Let in without a signature: it would also have been let in with one.
            Some(result) => Ok(self.verdict(result)?.is_none()),
            None => Ok(witness.asked),
        }
    }

    /// Begins to log in as somebody who types.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn keyboard(&self, user: &str) -> Result<Answer, SshError> {
        let response = self
            .ask(async |handle| {
                handle.authenticate_keyboard_interactive_start(user, None::<String>).await
            })
            .await?;
        Ok(self.typed(response))
    }

    /// Answers the server's [`Answer::Asked`], which must be done before anything else.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn keyboard_answer(&self, answers: Vec<String>) -> Result<Answer, SshError> {
        let response = self
            .ask(async |handle| handle.authenticate_keyboard_interactive_respond(answers).await)
            .await?;
        Ok(self.typed(response))
    }

    fn typed(&self, response: KeyboardInteractiveAuthResponse) -> Answer {
        let answer = Answer::from(response);
        self.authenticated.set(self.authenticated.get() || answer == Answer::Accepted);
        answer
    }

    /// Asks the server something, and closes the session where the answer is not waited for.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut Handle<Listener>) -> Result<T, russh::Error>,
    ) -> Result<T, SshError> {
        // A server does not even answer those who want to log in a second time.
        if self.authenticated.get() {
            return Err(SshError::Protocol("somebody is logged in already".to_owned()));
        }
        let asking = async {
            let mut handle = self.handle.lock().await;
            if handle.is_closed() {
                return Err(self.common.ended());
            }
            let guard = self.common.line.guard();
            let result = question(&mut handle).await;
            guard.done();
            result.map_err(|_| self.common.ended())
        };
        self.common.within(asking).await
    }

    /// `None` where the user is logged in, else the ways that are left.
    fn verdict(&self, result: AuthResult) -> Result<Option<Vec<&'static str>>, SshError> {
        match result {
            AuthResult::Success => {
                self.authenticated.set(true);
                Ok(None)
            }
            AuthResult::Failure { remaining_methods, .. } => {
                // No way at all is what is told when the session has ended meanwhile.
                if remaining_methods.is_empty() && !self.is_open() {
                    return Err(self.common.ended());
                }
                Ok(Some(remaining_methods.iter().map(Into::into).collect()))
            }
        }
    }
}

/// The hash to sign with under an RSA key: the best that the server says it knows; SHA-1 where it
/// says nothing, as old servers do.
async fn rsa_hash<H: client::Handler>(
    handle: &Handle<H>,
    is_rsa: bool,
) -> Result<Option<HashAlg>, russh::Error> {
    if !is_rsa {
        return Ok(None);
    }
    Ok(handle.best_supported_rsa_hash().await?.flatten())
}
