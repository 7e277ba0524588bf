//! `openssl`: digests, ciphers and random bytes; its numbers are in `bignum`.
//!
//! Only hands arguments over; what is done with them is in `nseer-crypto`.

use std::rc::Rc;

use mlua::{Lua, Table};
use nseer_crypto::CryptoError;
use nseer_lua::{Args, Raise, Reply};

use crate::environment::World;
use crate::modules::{Body, MOST_RANDOM_BYTES, bignum, fill};

const FUNCTIONS: &[(&str, Body)] = &[
    ("md4", |_, lua, args| plain_digest(lua, args, "md4")),
    ("md5", |_, lua, args| plain_digest(lua, args, "md5")),
    ("sha1", |_, lua, args| plain_digest(lua, args, "sha1")),
    ("ripemd160", |_, lua, args| plain_digest(lua, args, "ripemd160")),
    ("digest", digest),
    ("hmac", hmac),
    ("supported_digests", |_, lua, _| {
        Reply::values(lua, nseer_crypto::supported_digests().collect::<Vec<_>>())
    }),
    ("supported_ciphers", |_, lua, _| {
        Reply::values(lua, nseer_crypto::supported_ciphers().collect::<Vec<_>>())
    }),
    ("encrypt", |_, lua, args| cipher(lua, args, nseer_crypto::encrypt)),
    ("decrypt", |_, lua, args| cipher(lua, args, nseer_crypto::decrypt)),
    ("DES_string_to_key", des_string_to_key),
    ("rand_bytes", rand_bytes),
    ("rand_pseudo_bytes", rand_bytes),
];

/// Makes the module.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<Table> {
    let openssl = world.lua().create_table()?;
    fill(&world.scheduler.native(), world, &openssl, FUNCTIONS)?;
    bignum::install(world, &openssl)?;
    Ok(openssl)
}

/// What a failed operation tells the script.
pub(crate) fn raise(error: CryptoError) -> Raise {
    Raise::new(error.to_string())
}

/// Bytes as a Lua string.
pub(crate) fn bytes(lua: &Lua, bytes: Result<Vec<u8>, CryptoError>) -> Result<Reply, Raise> {
    Reply::values(lua, lua.create_string(bytes.map_err(raise)?)?)
}

fn plain_digest(lua: &Lua, args: &Args, algorithm: &str) -> Result<Reply, Raise> {
    bytes(lua, nseer_crypto::digest(algorithm, &args.string(lua, 1)?.as_bytes()))
}

fn digest(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (algorithm, data) = (args.string(lua, 1)?, args.string(lua, 2)?);
    bytes(lua, nseer_crypto::digest(&algorithm.to_string_lossy(), &data.as_bytes()))
}

fn hmac(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (algorithm, key) = (args.string(lua, 1)?, args.string(lua, 2)?);
    let data = args.string(lua, 3)?;
    let algorithm = algorithm.to_string_lossy();
    bytes(lua, nseer_crypto::hmac(&algorithm, &key.as_bytes(), &data.as_bytes()))
}

type Cipher = fn(&str, &[u8], &[u8], &[u8], bool) -> Result<Vec<u8>, CryptoError>;

fn cipher(lua: &Lua, args: &Args, cipher: Cipher) -> Result<Reply, Raise> {
    let (algorithm, key) = (args.string(lua, 1)?, args.string(lua, 2)?);
    let iv = args.optional_string(lua, 3)?;
    let iv = iv.map(|iv| iv.as_bytes().to_vec()).unwrap_or_default();
    let data = args.string(lua, 4)?;
    let padding = args.truth(5);
    let algorithm = algorithm.to_string_lossy();
    bytes(lua, cipher(&algorithm, &key.as_bytes(), &iv, &data.as_bytes(), padding))
}

fn des_string_to_key(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let text = args.string(lua, 1)?;
    let seven = <[u8; 7]>::try_from(&*text.as_bytes())
        .map_err(|_| Raise::new("String must have length of 7 bytes."))?;
    Reply::values(lua, lua.create_string(nseer_crypto::des_key(seven))?)
}

fn rand_bytes(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let length = usize::try_from(args.integer(lua, 1)?).ok().filter(|n| *n <= MOST_RANDOM_BYTES);
    let length = length.ok_or_else(|| Raise::new("Couldn't allocate memory."))?;
    Reply::values(lua, lua.create_string(world.config.system.random.bytes(length))?)
}
