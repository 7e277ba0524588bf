//! `zlib`: checksums, and compression of whole strings; its streams are in `zlib_stream`.
//!
//! Written from zlib's manual and measurements. What compression does is in `compression`.

use std::rc::Rc;

use mlua::{Lua, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use zlib_rs::DeflateFlush;
use zlib_rs::adler32::adler32;
use zlib_rs::crc32::crc32;

use crate::compression::{self, Deflater, Inflater, Settings};
use crate::environment::World;
use crate::modules::{Body, fill, zlib_stream};

const CONSTANTS: &[(&str, i64)] = &[
    ("NO_COMPRESSION", 0),
    ("BEST_SPEED", 1),
    ("BEST_COMPRESSION", 9),
    ("DEFAULT_COMPRESSION", -1),
    ("FILTERED", 1),
    ("HUFFMAN_ONLY", 2),
    ("RLE", 3),
    ("FIXED", 4),
    ("DEFAULT_STRATEGY", 0),
    ("MINIMUM_MEMLEVEL", 1),
    ("MAXIMUM_MEMLEVEL", 9),
    ("DEFAULT_MEMLEVEL", 8),
    ("DEFAULT_WINDOWBITS", 15),
    ("MINIMUM_WINDOWBITS", 8),
    ("MAXIMUM_WINDOWBITS", 15),
    ("GZIP_WINDOWBITS", 16),
    ("RAW_WINDOWBITS", -1),
];

const FUNCTIONS: &[(&str, Body)] = &[
    // The version of zlib whose interface this is.
    ("version", |_, lua, _| Reply::values(lua, "1.3.1")),
    ("adler32", |_, lua, args| checksum(lua, args, 1, adler32)),
    ("crc32", |_, lua, args| checksum(lua, args, 0, crc32)),
    ("compress", compress),
    ("decompress", decompress),
];

/// Makes the module.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<Table> {
    let zlib = world.lua().create_table()?;
    fill(&world.scheduler.native(), world, &zlib, FUNCTIONS)?;
    zlib_stream::install(world, &zlib)?;
    for (name, value) in CONSTANTS {
        zlib.raw_set(*name, *value)?;
    }
    zlib.raw_set("_VERSION", "lzlib 0.4-work3")?;
    zlib.raw_set("_DESCRIPTION", "Compression with zlib's formats.")?;
    zlib.raw_set("_COPYRIGHT", "The nseer contributors")?;
    Ok(zlib)
}

/// A checksum as scripts see it.
pub(crate) fn as_float(sum: u32) -> Value {
    Value::Number(sum.into())
}

fn checksum(
    lua: &Lua,
    args: &Args,
    start: u32,
    update: fn(u32, &[u8]) -> u32,
) -> Result<Reply, Raise> {
    if args.is_empty() {
        return Reply::values(lua, as_float(start));
    }
    let (sum, data) = (args.integer(lua, 1)?, args.string(lua, 2)?);
    // Only the lower half counts.
    let sum = u32::try_from(sum & 0xffff_ffff).unwrap_or_default();
    Reply::values(lua, as_float(update(sum, &data.as_bytes())))
}

/// Argument `n` as an integer; `default` where it is nil.
pub(crate) fn integer(lua: &Lua, args: &Args, n: usize, default: i64) -> Result<i64, Raise> {
    if args.value(n).is_nil() { Ok(default) } else { args.integer(lua, n) }
}

/// The settings of compression, which are arguments 2 to 6.
pub(crate) fn settings(lua: &Lua, args: &Args) -> Result<Settings, Raise> {
    Ok(Settings {
        level: integer(lua, args, 2, -1)?,
        method: integer(lua, args, 3, 8)?,
        window_bits: integer(lua, args, 4, 15)?,
        memory_level: integer(lua, args, 5, 8)?,
        strategy: integer(lua, args, 6, 0)?,
    })
}

const STREAM_END: f64 = 1.0;
const STREAM_ERROR: f64 = -2.0;

fn compress(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let data = args.string(lua, 1)?;
    let Some(mut deflater) = Deflater::new(settings(lua, args)?) else {
        return Reply::values(lua, (Value::Nil, STREAM_ERROR));
    };
    let mut output = Vec::new();
    match deflater.run(&data.as_bytes(), DeflateFlush::Finish, &mut output) {
        Ok(()) => Reply::values(lua, (lua.create_string(output)?, STREAM_END)),
        Err(code) => Reply::values(lua, (Value::Nil, f64::from(code))),
    }
}

const DEFAULT_LIMIT: i64 = 10 << 20;

fn decompress(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let data = args.string(lua, 1)?;
    let window_bits = integer(lua, args, 2, 15)?;
    let limit = usize::try_from(integer(lua, args, 3, DEFAULT_LIMIT)?).unwrap_or(0);
    let inflater = Inflater::new(window_bits, None)
        .ok_or_else(|| Raise::new("failed to initialize zstream structures"))?;
    let output = compression::decompress(inflater, &data.as_bytes(), limit);
    let output = output.ok_or_else(|| Raise::new("failed to process zlib stream"))?;
    Reply::values(lua, lua.create_string(output)?)
}
