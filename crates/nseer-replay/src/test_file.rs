//! Files of tests, `NAME.test.lua`: what each test is given and what it expects. Peers that are
//! functions stay in the file's Lua state; see `peers`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};

use crate::recording::{Answer, Stage};

/// One test of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    /// The line that it begins at.
    pub line: usize,
    /// Whom the script talks to.
    pub source: Source,
    /// What the script should print.
    pub expected: Expected,
}

/// Whom a script talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The recording in this file, with other arguments where there are any.
    Recording {
        /// The file, as seen from the folder of the test's file.
        file: String,
        /// The arguments.
        args: Option<String>,
    },
    /// Peers that the test's file has.
    Peers {
        /// What the script is given; its file is left empty where the test names none.
        stage: Stage,
        /// What DNS says.
        names: Vec<Answer>,
    },
}

/// What a script should print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nobody said.
    Unknown,
    /// This, or nothing at all where it is empty.
    Text(String),
    /// What lies beside the file.
    Snapshot,
    /// What the recording says.
    Recorded,
}

/// A file of tests cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TestFileError(pub String);

/// Instructions that a file, or one answer of a peer, may take.
const INSTRUCTIONS: u32 = 20_000_000;

/// A loaded file.
pub(crate) struct Loaded {
    pub(crate) lua: Lua,
    /// Opens a connection to a peer.
    pub(crate) open: Function,
    /// Name, table and line of each test.
    pub(crate) tests: Vec<(String, Table, usize)>,
    /// How much may still run; see [`Loaded::refill`].
    left: Rc<RefCell<u32>>,
}

impl Loaded {
    /// Runs the text of a file in a state of its own, without files, time or other programs.
    pub(crate) fn new(text: &[u8], file: &str) -> Result<Loaded, TestFileError> {
        Loaded::load(text, file).map_err(|error| {
            let text = first_line(&error);
            let is_placed = text.starts_with(&format!("{file}:"));
            TestFileError(if is_placed { text } else { format!("{file}: {text}") })
        })
    }

    fn load(text: &[u8], file: &str) -> mlua::Result<Loaded> {
        let libraries =
            StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        lua.set_memory_limit(256 << 20)?;
        for name in ["print", "dofile", "loadfile", "collectgarbage"] {
            lua.globals().raw_remove(name)?;
        }
        let left = Rc::new(RefCell::new(INSTRUCTIONS / 1000));
        let (counter, name) = (left.clone(), file.to_owned());
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(1000), move |_, frame| {
            let mut left = counter.borrow_mut();
            match left.checked_sub(1) {
                Some(less) => {
                    *left = less;
                    Ok(VmState::Continue)
                }
                None => {
                    let line = frame.current_line().map(|line| format!(":{line}"));
                    let place = format!("{name}{}", line.unwrap_or_default());
                    Err(mlua::Error::RuntimeError(format!("{place}: computed for too long")))
                }
            }
        })?;
        let tests: Rc<RefCell<Vec<(String, Table, usize)>>> = Rc::default();
        let noted = tests.clone();
        let note = lua.create_function(move |_, (name, table, line): (String, Table, usize)| {
            noted.borrow_mut().push((name, table, line));
            Ok(())
        })?;
        let line = lua.create_function(|lua, ()| {
            // Level 1 is `test`, level 2 whoever calls it.
            Ok(lua.inspect_stack(2, |frame| frame.current_line()).flatten().unwrap_or(0))
        })?;
        lua.globals().raw_set("debug_line", &line)?;
        let open: Function = lua.load(include_str!("peer.lua")).set_name("=nseer").call(note)?;
        lua.load(text)
            .set_name(format!("@{file}"))
            .set_mode(mlua::chunk::ChunkMode::Text)
            .exec()?;
        let tests = tests.borrow().clone();
        Ok(Loaded { lua, open, tests, left })
    }

    /// Gives whatever runs next its full share.
    pub(crate) fn refill(&self) {
        *self.left.borrow_mut() = INSTRUCTIONS / 1000;
    }
}

/// The message alone: one line.
pub(crate) fn first_line(error: &mlua::Error) -> String {
    let text = match error {
        mlua::Error::CallbackError { cause, .. } => return first_line(cause),
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    if text.starts_with("table: ") || text.starts_with("function: ") {
        return "an error was raised that is no text".to_owned();
    }
    text.lines().next().unwrap_or_default().to_owned()
}

/// Reads a file of tests.
///
/// # Errors
/// Where it is no Lua, or a test makes no sense; the text names the line.
pub fn read_tests(text: &[u8], file: &str) -> Result<Vec<TestCase>, TestFileError> {
    let loaded = Loaded::new(text, file)?;
    let mut tests: Vec<TestCase> = Vec::new();
    for (name, table, line) in &loaded.tests {
        let wrong = |text: String| TestFileError(format!("{file}:{line}: {text}"));
        if tests.iter().any(|test| test.name == *name) {
            return Err(wrong(format!("there are two tests \"{name}\"")));
        }
        let (source, expected) = case(table).map_err(wrong)?;
        tests.push(TestCase { name: name.clone(), line: *line, source, expected });
    }
    Ok(tests)
}

const KEYS: &[&str] = &[
    "host",
    "name",
    "port",
    "ports",
    "service",
    "args",
    "recording",
    "peer",
    "peers",
    "names",
    "addresses",
    "output",
    "snapshot",
    "script",
    "time",
    "seed",
];

fn case(table: &Table) -> Result<(Source, Expected), String> {
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|e| first_line(&e))?;
        let name = key.as_string().map(|key| key.to_string_lossy()).unwrap_or_default();
        if !KEYS.contains(&name.as_str()) {
            return Err(format!("a test has no '{name}'; it has {}", KEYS.join(", ")));
        }
    }
    let recording = string(table, "recording")?;
    let output = match table.raw_get::<Value>("output").map_err(|e| first_line(&e))? {
        Value::Nil => None,
        Value::Boolean(false) => Some(String::new()),
        Value::String(text) => Some(text.to_string_lossy()),
        _ => return Err("'output' is text, or false where nothing is printed".to_owned()),
    };
    let expected = match (output, flag(table, "snapshot")?, &recording) {
        (Some(_), true, _) => return Err("'output' and 'snapshot' say the same".to_owned()),
        (Some(text), false, _) => Expected::Text(text),
        (None, true, _) => Expected::Snapshot,
        (None, false, Some(_)) => Expected::Recorded,
        (None, false, None) => Expected::Unknown,
    };
    let source = match recording {
        Some(file) => Source::Recording { file, args: string(table, "args")? },
        None => peers(table)?,
    };
    Ok((source, expected))
}

fn peers(table: &Table) -> Result<Source, String> {
    let mut stage = Stage {
        script: string(table, "script")?.unwrap_or_default(),
        name: string(table, "name")?,
        args: string(table, "args")?,
        time: number(table, "time")?.unwrap_or(1_700_000_000) * 1000,
        seed: number(table, "seed")?.unwrap_or(1),
        ..Stage::default()
    };
    if let Some(host) = string(table, "host")? {
        stage.host = host.parse().map_err(|_| format!("'{host}' (host) is not an address"))?;
    }
    let service = string(table, "service")?;
    if let Some(port) = string(table, "port")? {
        stage.ports.push(port_of(&port, service.as_deref())?);
    }
    for port in strings(table, "ports")? {
        stage.ports.push(port_of(&port, None)?);
    }
    if let Some(served) = table.raw_get::<Option<Table>>("peers").map_err(|e| first_line(&e))? {
        for pair in served.pairs::<String, Value>() {
            let (port, _) = pair.map_err(|e| first_line(&e))?;
            port_of(&port, None)?;
        }
    }
    Ok(Source::Peers { stage, names: answers(table)? })
}

/// A port as a test writes it: `25`, `25/tcp`, `25/tcp open smtp`.
fn port_of(text: &str, service: Option<&str>) -> Result<crate::recording::Port, String> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if words.len() == 1 {
        words.push("open".to_owned());
    }
    if let (Some(service), 2) = (service, words.len()) {
        words.push(service.to_owned());
    }
    Stage::read_port(&words.join(" "))
}

fn answers(table: &Table) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    let entries = |key: &str| -> Result<BTreeMap<String, Value>, String> {
        let given = table.raw_get::<Option<Table>>(key);
        let given = given.map_err(|_| format!("'{key}' is a table"))?;
        let Some(given) = given else { return Ok(BTreeMap::new()) };
        let entries: mlua::Result<_> = given.pairs::<String, Value>().collect();
        entries.map_err(|_| format!("the keys of '{key}' are texts"))
    };
    for (name, value) in entries("names")? {
        let found = match value {
            Value::Boolean(false) => Err("Name or service not known".to_owned()),
            Value::String(address) => Ok(vec![address_of(&address.to_string_lossy())?]),
            _ => return Err("'names' gives addresses, or false".to_owned()),
        };
        answers.push(Answer::Name { name, family: None, found });
    }
    for (address, value) in entries("addresses")? {
        let address = address_of(&address)?;
        let name = value.as_string().map(|name| name.to_string_lossy());
        answers.push(Answer::Address { address, name });
    }
    Ok(answers)
}

fn address_of(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("'{text}' is not an address"))
}

fn string(table: &Table, key: &str) -> Result<Option<String>, String> {
    match table.raw_get::<Value>(key).map_err(|e| first_line(&e))? {
        Value::Nil => Ok(None),
        Value::String(text) => Ok(Some(text.to_string_lossy())),
        Value::Integer(number) if key == "port" => Ok(Some(number.to_string())),
        _ => Err(format!("'{key}' is a text")),
    }
}

fn strings(table: &Table, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("'{key}' is a list of texts");
    let list = table.raw_get::<Option<Table>>(key).map_err(|_| wrong())?;
    let Some(list) = list else { return Ok(Vec::new()) };
    list.sequence_values::<String>().collect::<mlua::Result<_>>().map_err(|_| wrong())
}

fn flag(table: &Table, key: &str) -> Result<bool, String> {
    match table.raw_get::<Value>(key).map_err(|e| first_line(&e))? {
        Value::Nil => Ok(false),
        Value::Boolean(set) => Ok(set),
        _ => Err(format!("'{key}' is true or false")),
    }
}

fn number(table: &Table, key: &str) -> Result<Option<u64>, String> {
    match table.raw_get::<Value>(key).map_err(|e| first_line(&e))? {
        Value::Nil => Ok(None),
        // Far enough for a clock, and small enough for one.
        Value::Integer(number @ 0..100_000_000_000) => Ok(Some(number.unsigned_abs())),
        _ => Err(format!("'{key}' is a whole number that is not negative")),
    }
}
