//! Certificates as scripts see them.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use mlua::{Function, Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, Value};
use nseer_crypto::BigNumber;
use nseer_lua::{Args, Raise, Reply};
use nseer_net::NetError;
use nseer_net::certificate::{Certificate, Curve, NameKey, Time};

use crate::environment::World;
use crate::modules::{bignum, show_metatable};

/// What scripts hold: the certificate, and the table of what can be read of it.
struct Handle {
    certificate: Rc<Certificate>,
    fields: Table,
}

impl UserData for Handle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "SSL_CERT");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |_, this, key: Value| {
            if key.is_nil() { Ok(Value::Nil) } else { this.fields.raw_get(key) }
        });
    }
}

/// Names of the registry values that hold the method `digest`, and what scripts see of the metatable.
const DIGEST: &str = "nseer certificate digest";
const VISIBLE: &str = "nseer certificate metatable";

/// Makes the method of certificates.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<()> {
    let (native, lua) = (world.scheduler.native(), world.lua());
    lua.set_named_registry_value(DIGEST, native.function(|lua, args| digest(lua, &args))?)?;
    let visible = lua.create_table()?;
    visible.raw_set("__index", native.function(|lua, args| field(lua, &args))?)?;
    visible.raw_set("__name", "SSL_CERT")?;
    lua.set_named_registry_value(VISIBLE, visible)
}

/// A field of a certificate, for who has `__index` from the metatable.
fn field(lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let fields = args.object(1, "SSL_CERT", |handle: &Handle| handle.fields.clone())?;
    let key = args.value(2);
    Reply::values(lua, if key.is_nil() { Value::Nil } else { fields.raw_get(key)? })
}

/// Certificates that were decoded of late. A server shows the same one at each connection, and some
/// scripts make dozens.
#[derive(Default)]
pub(crate) struct Decoded {
    by_der: HashMap<Box<[u8]>, Rc<Certificate>>,
    oldest_first: VecDeque<Box<[u8]>>,
}

/// Most certificates that are kept, and most bytes of one.
const MOST_DECODED: usize = 64;
const MOST_BYTES: usize = 8 << 10;

impl Decoded {
    fn get(&mut self, der: &[u8]) -> Result<Rc<Certificate>, NetError> {
        if let Some(known) = self.by_der.get(der) {
            return Ok(known.clone());
        }
        let certificate = Rc::new(Certificate::from_der(der)?);
        if der.len() <= MOST_BYTES {
            if self.oldest_first.len() == MOST_DECODED
                && let Some(oldest) = self.oldest_first.pop_front()
            {
                self.by_der.remove(&oldest);
            }
            self.oldest_first.push_back(der.into());
            self.by_der.insert(der.into(), certificate.clone());
        }
        Ok(certificate)
    }
}

/// The object for a DER certificate; nil where it cannot be decoded.
pub(crate) fn to_lua(world: &World, lua: &Lua, der: &[u8]) -> Result<Reply, Raise> {
    match world.certificates.borrow_mut().get(der) {
        Ok(certificate) => {
            let fields = fields(lua, &certificate)?;
            let object = lua.create_userdata(Handle { certificate, fields })?;
            let visible: Table = lua.named_registry_value(VISIBLE)?;
            show_metatable(&world.scheduler.native(), &object, &visible)?;
            Reply::values(lua, object)
        }
        Err(NetError::CertificateKey(text)) => {
            Reply::values(lua, (Value::Nil, format!("Error parsing cert: {text}")))
        }
        Err(_) => Reply::values(lua, Value::Nil),
    }
}

/// No value at all for an algorithm that is not known.
fn digest(lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let certificate = args.object(1, "SSL_CERT", |handle: &Handle| handle.certificate.clone())?;
    match certificate.digest(&args.string(lua, 2)?.to_string_lossy()) {
        Some(digest) => Reply::values(lua, lua.create_string(digest)?),
        None => Ok(Reply::nothing()),
    }
}

fn fields(lua: &Lua, certificate: &Certificate) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("subject", names(lua, &certificate.subject)?)?;
    table.raw_set("issuer", names(lua, &certificate.issuer)?)?;
    let validity = lua.create_table()?;
    validity.raw_set("notBefore", time(lua, certificate.not_before.as_ref())?)?;
    validity.raw_set("notAfter", time(lua, certificate.not_after.as_ref())?)?;
    table.raw_set("validity", validity)?;
    table.raw_set("pubkey", public_key(lua, certificate)?)?;
    if !certificate.extensions.is_empty() {
        table.raw_set("extensions", extensions(lua, certificate)?)?;
    }
    table.raw_set("sig_algorithm", certificate.signature_algorithm.as_str())?;
    table.raw_set("pem", certificate.pem.as_str())?;
    table.raw_set("digest", lua.named_registry_value::<Function>(DIGEST)?)?;
    Ok(table)
}

fn time(lua: &Lua, time: Option<&Time>) -> mlua::Result<Value> {
    match time {
        None => Ok(Value::Nil),
        Some(Time::Text(text)) => Ok(Value::String(lua.create_string(text)?)),
        Some(Time::Fields(values)) => {
            let fields = lua.create_table()?;
            for (key, value) in ["year", "month", "day", "hour", "min", "sec"].iter().zip(values) {
                fields.raw_set(*key, *value)?;
            }
            Ok(Value::Table(fields))
        }
    }
}

fn names(lua: &Lua, names: &[(NameKey, Vec<u8>)]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (key, value) in names {
        let value = lua.create_string(value)?;
        match key {
            NameKey::Long(name) => table.raw_set(name.as_str(), value)?,
            NameKey::Oid(numbers) => {
                let key = lua.create_sequence_from(numbers.iter().map(ToString::to_string))?;
                table.raw_set(key, value)?;
            }
        }
    }
    Ok(table)
}

fn public_key(lua: &Lua, certificate: &Certificate) -> mlua::Result<Table> {
    let key = &certificate.public_key;
    let table = lua.create_table()?;
    table.raw_set("type", key.kind)?;
    table.raw_set("bits", key.bits)?;
    for (name, number) in [("exponent", &key.exponent), ("modulus", &key.modulus)] {
        let number = number.as_ref().and_then(|bytes| BigNumber::from_bytes(bytes).ok());
        if let Some(number) = number {
            table.raw_set(name, bignum::object(lua, number)?)?;
        }
    }
    if let Some(curve) = &key.curve {
        let parameters = lua.create_table()?;
        let (kind, name) = match curve {
            Curve::Named(name) => ("namedcurve", Some(name.as_str())),
            Curve::ExplicitPrime => ("explicit_prime", None),
            Curve::ExplicitBinary => ("explicit_char2", None),
        };
        parameters.raw_set("ec_curve_type", kind)?;
        parameters.raw_set("curve", name)?;
        let outer = lua.create_table()?;
        outer.raw_set("curve_params", parameters)?;
        table.raw_set("ecdhparams", outer)?;
    }
    Ok(table)
}

fn extensions(lua: &Lua, certificate: &Certificate) -> mlua::Result<Table> {
    let list = lua.create_table()?;
    for extension in &certificate.extensions {
        let entry = lua.create_table()?;
        entry.raw_set("name", extension.name.as_str())?;
        if extension.critical {
            entry.raw_set("critical", true)?;
        }
        match &extension.value {
            Ok(text) => entry.raw_set("value", text.as_str())?,
            Err(()) => entry.raw_set("error", true)?,
        }
        list.raw_push(entry)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_no_certificate_is_not_kept(der in proptest::collection::vec(any::<u8>(), 0..99)) {
            let mut decoded = Decoded::default();
            prop_assert!(decoded.get(&der).is_err());
            prop_assert!(decoded.by_der.is_empty() && decoded.oldest_first.is_empty());
        }
    }
}
