//! `lfs`: directories and links. Files are reached through the seam only.
//!
//! Written from the manual of LuaFileSystem 1.5 and measurements.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::rc::Rc;
use std::vec::IntoIter;

use mlua::{Function, Lua, MetaMethod, Table, UserData, UserDataFields, Value};
use nseer_lua::{Args, Raise, Reply};

use crate::environment::World;
use crate::modules::{Body, fill, methods, show_metatable};

/// The names in a directory that have not been given yet; `None` when it is closed.
struct Directory(RefCell<Option<IntoIter<Vec<u8>>>>);

/// What messages call a directory.
const DIRECTORY: &str = "directory metatable";

/// Names of the registry values that hold the methods, and `next` among them.
const METHODS: &str = "nseer directory methods";

impl UserData for Directory {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, DIRECTORY);
        fields.add_meta_field_with("__index", |lua| lua.named_registry_value::<Table>(METHODS));
    }
}

const FUNCTIONS: &[(&str, Body)] = &[
    ("dir", dir),
    ("mkdir", |w, lua, args| told(lua, w.config.system.files.make_directory(&path(lua, args, 1)?))),
    ("rmdir", |w, lua, args| {
        told(lua, w.config.system.files.remove_directory(&path(lua, args, 1)?))
    }),
    ("link", link),
    ("get_path_separator", |_, lua, _| Reply::values(lua, std::path::MAIN_SEPARATOR_STR)),
];

const METHOD_TABLE: &[(&str, Body)] = &[("next", next), ("close", close)];

/// Makes the module.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<Table> {
    let lua = world.lua();
    let native = world.scheduler.native();
    let methods = methods(world, world, METHOD_TABLE)?;
    lua.set_named_registry_value(METHODS, &methods)?;
    let visible = lua.create_table()?;
    visible.raw_set("__index", methods)?;
    visible.raw_set("__name", DIRECTORY)?;
    let sample = lua.create_userdata(Directory(RefCell::new(None)))?;
    show_metatable(&native, &sample, &visible)?;
    let lfs = lua.create_table()?;
    fill(&native, world, &lfs, FUNCTIONS)?;
    lfs.raw_set("_VERSION", "LuaFileSystem 1.5.0")?;
    lfs.raw_set("_DESCRIPTION", "Directories and links.")?;
    lfs.raw_set("_COPYRIGHT", "The nseer contributors")?;
    Ok(lfs)
}

/// Argument `n` as a path, which ends at its first NUL, as it does for the system.
fn path(lua: &Lua, args: &Args, n: usize) -> Result<PathBuf, Raise> {
    let bytes = args.string(lua, n)?.as_bytes().to_vec();
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(OsStr::from_bytes(bytes).into())
}

/// The system's words without the number that Rust adds to them.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn told(lua: &Lua, result: io::Result<()>) -> Result<Reply, Raise> {
    match result {
        Ok(()) => Reply::values(lua, true),
        Err(error) => Reply::values(lua, (Value::Nil, reason(&error))),
    }
}

fn link(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (old, new) = (path(lua, args, 1)?, path(lua, args, 2)?);
    match world.config.system.files.link(&old, &new, args.truth(3)) {
        Ok(()) => Reply::values(lua, true),
        Err(error) => Reply::values(lua, (Value::Nil, reason(&error), error.raw_os_error())),
    }
}

/// Gives the function that gives the next name, and the directory for it.
fn dir(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let path = path(lua, args, 1)?;
    let listed = world.config.system.files.list(&path);
    let paths = listed.map_err(|error| {
        Raise::new(format!("cannot open {}: {}", path.display(), reason(&error)))
    })?;
    let mut names = vec![b".".to_vec(), b"..".to_vec()];
    let found = paths.iter().filter_map(|path| path.file_name());
    names.extend(found.map(|name| name.to_owned().into_vec()));
    let directory = Directory(RefCell::new(Some(names.into_iter())));
    let methods: Table = lua.named_registry_value(METHODS)?;
    let next: Function = methods.raw_get("next")?;
    Reply::values(lua, (next, lua.create_userdata(directory)?))
}

fn next(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.object(1, DIRECTORY, |directory: &Directory| {
        let mut names = directory.0.borrow_mut();
        let name = names.as_mut().map(Iterator::next);
        if name == Some(None) {
            *names = None;
        }
        name
    })?;
    match name {
        Some(Some(name)) => Reply::values(lua, lua.create_string(name)?),
        Some(None) => Reply::values(lua, Value::Nil),
        None => Err(args.bad(1, "closed directory")),
    }
}

fn close(_: &World, _: &Lua, args: &Args) -> Result<Reply, Raise> {
    args.object(1, DIRECTORY, |directory: &Directory| *directory.0.borrow_mut() = None)?;
    Ok(Reply::nothing())
}
