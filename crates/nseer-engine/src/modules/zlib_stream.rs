//! The streams of `zlib`: `inflate` reads from a source, `deflate` writes to a sink, both of the
//! script's making. What compression does is in `compression`.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{Function, Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, Value};
use nseer_lua::{Args, Raise, Reply};
use zlib_rs::DeflateFlush;

use crate::compression::{CHUNK, Deflater, Inflater};
use crate::environment::{World, first_cause};
use crate::modules::zlib::{as_float, integer, settings};
use crate::modules::zlib_reader::{Reader, Source};
use crate::modules::{Body, fill, methods, show_metatable};

/// What a stream is at.
enum State {
    Inflate(Box<Reader>),
    Deflate(Box<Writer>),
    Closed,
}

impl State {
    fn reader(&mut self) -> Option<&mut Reader> {
        match self {
            State::Inflate(reader) => Some(reader),
            _ => None,
        }
    }

    fn writer(&mut self) -> Option<&mut Writer> {
        match self {
            State::Deflate(writer) => Some(writer),
            _ => None,
        }
    }
}

/// What scripts hold.
struct Handle(Rc<RefCell<State>>);

/// Name of the registry value that holds the methods.
const METHODS: &str = "nseer zlib stream methods";

impl UserData for Handle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "zlib:zstream");
        fields.add_meta_field_with("__index", |lua| lua.named_registry_value::<Table>(METHODS));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(described(&this.0)));
    }
}

fn described(state: &Rc<RefCell<State>>) -> String {
    let place = Rc::as_ptr(state);
    match state.try_borrow().as_deref() {
        Ok(State::Inflate(_)) => format!("zlib inflate stream ({place:p})"),
        Ok(State::Closed) => "zlib stream (closed)".to_owned(),
        _ => format!("zlib deflate stream ({place:p})"),
    }
}

const FUNCTIONS: &[(&str, Body)] = &[("inflate", inflate), ("deflate", deflate)];

const METHOD_TABLE: &[(&str, Body)] = &[
    ("read", |_, lua, args| read(lua, args)),
    ("write", write),
    ("flush", flush),
    ("close", close),
    ("adler", adler),
    ("lines", lines),
];

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, zlib: &Table) -> mlua::Result<()> {
    let native = world.scheduler.native();
    fill(&native, world, zlib, FUNCTIONS)?;
    let lua = world.lua();
    lua.set_named_registry_value(METHODS, methods(world, world, METHOD_TABLE)?)?;
    // As with lzlib, the methods can also be had from the metatable.
    let visible = methods(world, world, METHOD_TABLE)?;
    visible.raw_set("__index", &visible)?;
    visible.raw_set("__name", "zlib:zstream")?;
    let to_string = native.function(|lua, args| Reply::values(lua, described(&this(&args)?)))?;
    visible.raw_set("__tostring", to_string)?;
    let sample = lua.create_userdata(Handle(Rc::new(RefCell::new(State::Closed))))?;
    show_metatable(&native, &sample, &visible)
}

/// The stream that argument 1 is.
fn this(args: &Args) -> Result<Rc<RefCell<State>>, Raise> {
    args.object(1, "zlib:zstream", |handle: &Handle| handle.0.clone())
}

fn invalid(method: &str) -> Raise {
    Raise::new(format!("calling '{method}' on bad self (attempt to use invalid zlib stream)"))
}

/// Does something with a stream that is of the kind that `part` gives. It is closed when that fails,
/// and while it is at the script's source or sink it is of no use to anybody else.
fn using<T, R>(
    state: &RefCell<State>,
    method: &str,
    part: impl FnOnce(&mut State) -> Option<&mut T>,
    use_it: impl FnOnce(&mut T) -> Result<R, Raise>,
) -> Result<R, Raise> {
    let mut state = state.try_borrow_mut().map_err(|_| invalid(method))?;
    let result = use_it(part(&mut state).ok_or_else(|| invalid(method))?);
    if result.is_err() {
        *state = State::Closed;
    }
    result
}

fn object(lua: &Lua, state: State) -> Result<Reply, Raise> {
    Reply::values(lua, lua.create_userdata(Handle(Rc::new(RefCell::new(state))))?)
}

/// What a function of the script gives; its error goes on.
pub(crate) fn called(
    function: &Function,
    arguments: impl mlua::IntoLuaMulti,
) -> Result<Value, Raise> {
    function.call(arguments).map_err(|error| Raise::new(first_cause(&error)))
}

/// The function `name` of an object, which is a table or userdata.
fn method(object: &Value, name: &str) -> Option<Function> {
    use mlua::ObjectLike as _;
    match object {
        Value::Table(table) => table.get(name).ok(),
        Value::UserData(data) => data.get(name).ok(),
        _ => None,
    }
}

fn inflate(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let source = match args.value(1) {
        Value::Function(function) => Source::Function(function),
        object @ (Value::Table(_) | Value::UserData(_)) => {
            let read = method(&object, "read")
                .ok_or_else(|| args.bad(1, "input parameter does not provide :read function"))?;
            let peek = method(&object, "peek");
            Source::Object { object, read, peek }
        }
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            Source::Text(args.string(lua, 1)?.as_bytes().to_vec())
        }
        _ => {
            let wanted = "input parameter must be a string, function, table or userdata value";
            return Err(args.bad(1, wanted));
        }
    };
    let window_bits = match integer(lua, args, 2, 15)? {
        // zlib and gzip are told apart.
        bits @ 1..=15 => bits + 32,
        bits => bits,
    };
    let dictionary = args.optional_string(lua, 3)?.map(|text| text.as_bytes().to_vec());
    let inflater = Inflater::new(window_bits, dictionary)
        .ok_or_else(|| Raise::new("call to inflateInit2 failed"))?;
    object(lua, State::Inflate(Box::new(Reader::new(source, inflater))))
}

/// Reads as files do: for each argument a line (`*l`), everything (`*a`) or a number of bytes.
fn read(lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    let formats = match args.rest(2) {
        none if none.is_empty() => vec![Format::Line],
        formats => {
            let formats = formats.iter().enumerate();
            formats.map(|(i, value)| format(args, i + 2, value)).collect::<Result<_, _>>()?
        }
    };
    let mut results = Vec::new();
    for format in formats {
        let found = using(&state, "read", State::reader, |reader| match format {
            Format::Line => reader.line(),
            Format::All => reader.all().map(Some),
            Format::Bytes(n) => reader.bytes(n),
        })?;
        let Some(bytes) = found else {
            results.push(Value::Nil);
            break;
        };
        results.push(Value::String(lua.create_string(bytes)?));
    }
    Reply::values(lua, mlua::Variadic::from_iter(results))
}

/// A function that gives the next line each time.
fn lines(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    using(&state, "lines", State::reader, |_| Ok(()))?;
    let next = world.scheduler.native().function(move |lua, _| {
        let line = using(&state, "read", State::reader, |reader| reader.line())?;
        Reply::values(lua, line.map(|line| lua.create_string(line)).transpose()?)
    })?;
    Reply::values(lua, next)
}

enum Format {
    Line,
    All,
    Bytes(usize),
}

fn format(args: &Args, n: usize, value: &Value) -> Result<Format, Raise> {
    match value {
        Value::Integer(n) => Ok(Format::Bytes(usize::try_from(*n).unwrap_or(usize::MAX))),
        Value::Number(_) => {
            let whole = value.as_f64().filter(|n| n.fract() == 0.0);
            // Large and negative numbers mean as much as there is.
            #[allow(clippy::cast_possible_truncation, reason = "casts saturate")]
            let n = whole.map_or(0, |n| n as i64);
            Ok(Format::Bytes(usize::try_from(n).unwrap_or(usize::MAX)))
        }
        Value::String(text) => match text.as_bytes().get(..2) {
            Some(b"*l") => Ok(Format::Line),
            Some(b"*a") => Ok(Format::All),
            _ if text.as_bytes().first() == Some(&b'*') => Err(args.bad(n, "invalid format")),
            _ => Err(args.bad(n, "invalid option")),
        },
        _ => Err(args.bad(n, "invalid option")),
    }
}

/// A stream that writes.
struct Writer {
    sink: Function,
    /// What the sink is a method of.
    object: Option<Value>,
    deflater: Deflater,
    /// What the sink has not got yet.
    output: Vec<u8>,
}

impl Writer {
    /// Compresses; the inner error is a return code.
    fn run(&mut self, data: &[u8], flush: DeflateFlush) -> Result<Result<(), i32>, Raise> {
        for piece in data.chunks(CHUNK).chain(data.is_empty().then_some(data)) {
            if let Err(code) = self.deflater.run(piece, flush, &mut self.output) {
                return Ok(Err(code));
            }
            self.deliver(CHUNK)?;
        }
        Ok(Ok(()))
    }

    /// Hands output over, in pieces of a chunk; the last one has at least `least` bytes.
    fn deliver(&mut self, least: usize) -> Result<(), Raise> {
        while self.output.len() >= least.max(1) {
            let rest = self.output.split_off(CHUNK.min(self.output.len()));
            let piece = std::mem::replace(&mut self.output, rest);
            let piece = Bytes(piece);
            match &self.object {
                Some(object) => called(&self.sink, (object, piece))?,
                None => called(&self.sink, piece)?,
            };
        }
        Ok(())
    }
}

/// Bytes on their way into Lua.
struct Bytes(Vec<u8>);

impl mlua::IntoLua for Bytes {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        lua.create_string(self.0).map(Value::String)
    }
}

fn deflate(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (sink, sink_of) = match args.value(1) {
        Value::Function(function) => (function, None),
        object @ (Value::Table(_) | Value::UserData(_)) => {
            let write = method(&object, "write")
                .ok_or_else(|| args.bad(1, "output parameter does not provide :write function"))?;
            (write, Some(object))
        }
        _ => {
            let wanted = "output parameter must be a function, table or userdata value";
            return Err(args.bad(1, wanted));
        }
    };
    let settings = settings(lua, args)?;
    let dictionary = args.optional_string(lua, 7)?;
    let mut deflater =
        Deflater::new(settings).ok_or_else(|| Raise::new("call to deflateInit2 failed"))?;
    if dictionary.is_some_and(|text| !deflater.set_dictionary(&text.as_bytes())) {
        return Err(Raise::new("call to deflateSetDictionnary failed"));
    }
    let writer = Writer { sink, object: sink_of, deflater, output: Vec::new() };
    object(lua, State::Deflate(Box::new(writer)))
}

/// `true`, or `false` and a message.
fn written(lua: &Lua, result: Result<(), i32>) -> Result<Reply, Raise> {
    match result {
        Ok(()) => Reply::values(lua, true),
        Err(code) => Reply::values(lua, (false, format!("failed to compress [{code}]"))),
    }
}

fn write(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    using(&state, "write", State::writer, |_| Ok(()))?;
    for n in 2..=args.len() {
        let data = args.string(lua, n)?.as_bytes().to_vec();
        let result =
            using(&state, "write", State::writer, |w| w.run(&data, DeflateFlush::NoFlush))?;
        if result.is_err() {
            return written(lua, result);
        }
    }
    Reply::values(lua, true)
}

fn flush(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    using(&state, "flush", State::writer, |_| Ok(()))?;
    let how = args.option(lua, 2, Some(0), &["sync", "full", "finish"])?;
    let how = [DeflateFlush::SyncFlush, DeflateFlush::FullFlush, DeflateFlush::Finish][how];
    finish(lua, &state, "flush", how)
}

/// Puts out what is there. After the end of the data, nothing can follow.
fn finish(
    lua: &Lua,
    state: &RefCell<State>,
    method: &str,
    how: DeflateFlush,
) -> Result<Reply, Raise> {
    let result = using(state, method, State::writer, |w| {
        let result = w.run(b"", how)?;
        w.deliver(1)?;
        Ok(result)
    })?;
    if how == DeflateFlush::Finish {
        state.replace(State::Closed);
    }
    written(lua, result)
}

fn close(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    let writes = match state.try_borrow().as_deref() {
        Ok(state) => matches!(state, State::Deflate(_)),
        Err(_) => return Err(invalid("close")),
    };
    if writes {
        return finish(lua, &state, "close", DeflateFlush::Finish);
    }
    state.replace(State::Closed);
    Reply::values(lua, true)
}

fn adler(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = this(args)?;
    match state.try_borrow().as_deref() {
        Ok(State::Inflate(reader)) => Reply::values(lua, as_float(reader.sum())),
        Ok(State::Deflate(writer)) => Reply::values(lua, as_float(writer.deflater.sum())),
        _ => Err(invalid("adler")),
    }
}
