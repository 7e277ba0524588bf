//! Certificates as scripts see them.

use mlua::{Lua, Table, Value};
use nseer_lua::{Raise, Reply};
use nseer_net::certificate::{Certificate, NameKey};

/// The object for a DER certificate; nil where it cannot be decoded.
pub(crate) fn to_lua(lua: &Lua, der: &[u8]) -> Result<Reply, Raise> {
    match Certificate::from_der(der) {
        Ok(certificate) => Reply::values(lua, object(lua, certificate)?),
        Err(error) => Reply::values(lua, (Value::Nil, format!("Error parsing cert: {error}"))),
    }
}

fn object(lua: &Lua, certificate: Certificate) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("subject", names(lua, &certificate.subject)?)?;
    table.raw_set("issuer", names(lua, &certificate.issuer)?)?;
    let validity = lua.create_table()?;
    for (key, time) in [("notBefore", certificate.not_before), ("notAfter", certificate.not_after)]
    {
        if let Some(time) = time {
            let fields = lua.create_table()?;
            for (key, value) in ["year", "month", "day", "hour", "min", "sec"].iter().zip(time) {
                fields.raw_set(*key, value)?;
            }
            validity.raw_set(key, fields)?;
        }
    }
    table.raw_set("validity", validity)?;
    table.raw_set("pubkey", public_key(lua, &certificate)?)?;
    if !certificate.extensions.is_empty() {
        table.raw_set("extensions", extensions(lua, &certificate)?)?;
    }
    table.raw_set("sig_algorithm", certificate.signature_algorithm.as_str())?;
    table.raw_set("pem", certificate.pem.as_str())?;
    let digest = lua.create_function(move |lua, (_, name): (Value, mlua::LuaString)| {
        match certificate.digest(&name.to_string_lossy()) {
            Some(digest) => Ok(Value::String(lua.create_string(digest)?)),
            None => Ok(Value::Nil),
        }
    })?;
    table.raw_set("digest", digest)?;
    Ok(table)
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
    if let Some(curve) = &key.curve {
        let parameters = lua.create_table()?;
        parameters.raw_set("ec_curve_type", "namedcurve")?;
        parameters.raw_set("curve", curve.as_str())?;
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
