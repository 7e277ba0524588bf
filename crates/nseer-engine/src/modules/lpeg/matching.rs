//! `match`: runs a pattern over a subject. Functions of captures are called by `lpeg.lua`, between
//! one step and the next.

use std::rc::Rc;

use mlua::{
    AnyUserData, IntoLua as _, IntoLuaMulti as _, Lua, MultiValue, UserData, Value as LuaValue,
};
use nseer_lua::{Args, Raise, Reply};
use nseer_peg::{Program, Run, Step, Value, Verdict};

use super::Shared;
use super::grammar::rule_name;
use super::host::{LuaHost, Subject};
use super::operand::{PatternObject, Values, operand, raise, values_of};

const DONE: i64 = 0;
const CALL: i64 = 1;
const QUERY: i64 = 2;
const PAUSE: i64 = 3;
const RAISE: i64 = 4;
const MANY: i64 = 5;
const CALL_MANY: i64 = 6;

/// How many steps are made before Lua gets a chance to stop the script.
const STEPS: u64 = 1 << 20;
/// More values than this travel in a table.
const FEW: usize = 200;

/// A match that is under way.
struct Match {
    run: Run<LuaValue>,
    subject: Subject,
}

/// A match that waits for an answer. Empty once it is over, so that its values are free at once.
struct Waiting(Option<Match>);

impl UserData for Waiting {}

/// Begins a match: pattern, subject, position, extra arguments.
pub(super) fn start(shared: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    told(lua, begin(shared, lua, args).and_then(|this| first_step(lua, this)))
}

/// Goes on with a match: the match, the results that it asked for.
pub(super) fn resume(_: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let LuaValue::UserData(object) = args.value(1) else {
        return Err(args.expected(1, "userdata"));
    };
    told(lua, answered(lua, &object, args.rest(2)))
}

/// Errors go to the Lua half, which knows the level at which the script is.
fn told(lua: &Lua, result: Result<MultiValue, Raise>) -> Result<Reply, Raise> {
    match result {
        Ok(values) => Ok(Reply::Values(values)),
        Err(raise) => {
            let mut said = raise.into_values(lua)?;
            said.push_front(LuaValue::Integer(RAISE));
            Ok(Reply::Values(said))
        }
    }
}

fn begin(shared: &Shared, lua: &Lua, args: &Args) -> Result<Match, Raise> {
    let (program, values) = compiled(shared, lua, args)?;
    let text = args.string(lua, 2)?;
    let position = match args.value(3) {
        LuaValue::Nil => 0,
        _ => start_position(args.integer(lua, 3)?, text.as_bytes().len()),
    };
    let extras = args.rest(4);
    let run = Run::new(program, position, extras.len(), shared.stack_limit.get());
    Ok(Match { run, subject: Subject { text, values, extras } })
}

/// The program of argument 1. Patterns keep theirs.
fn compiled(shared: &Shared, lua: &Lua, args: &Args) -> Result<(Rc<Program>, Values), Raise> {
    let compile = |pattern: &nseer_peg::Pattern, values: &Values| {
        let name = |id| rule_name(lua, &values.get(id).unwrap_or(LuaValue::Nil));
        Program::compile(pattern, name).map(Rc::new).map_err(raise)
    };
    if let LuaValue::UserData(object) = args.value(1)
        && object.is::<PatternObject>()
    {
        let values = values_of(&object)?;
        let this = object.borrow::<PatternObject>()?;
        if let Some(program) = this.program.get() {
            return Ok((program.clone(), values));
        }
        let program = compile(&this.pattern, &values)?;
        return Ok((this.program.get_or_init(|| program).clone(), values));
    }
    let of = operand(shared, lua, args, 1)?;
    Ok((compile(&of.pattern, &of.values)?, of.values))
}

/// Where a match begins, from 0; negative positions count from the end.
fn start_position(position: i64, length: usize) -> usize {
    let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
    if position > 0 { (distance - 1).min(length) } else { length.saturating_sub(distance) }
}

fn answered(lua: &Lua, object: &AnyUserData, results: Vec<LuaValue>) -> Result<MultiValue, Raise> {
    let waiting = object.borrow_mut::<Waiting>()?.0.take();
    let mut this = waiting.ok_or_else(|| Raise::new("the match is over"))?;
    {
        let bytes = this.subject.text.as_bytes();
        let host = LuaHost { lua, subject: &this.subject, bytes: &bytes };
        this.run.answer(&bytes, &host, results, |value| verdict(lua, value)).map_err(raise)?;
    }
    let (said, goes_on) = step(lua, &mut this)?;
    if !goes_on {
        return Ok(said);
    }
    object.borrow_mut::<Waiting>()?.0 = Some(this);
    Ok(with_match(said, object.clone()))
}

/// What the first result of a match-time capture says.
fn verdict(lua: &Lua, value: &LuaValue) -> Verdict {
    match value {
        LuaValue::Nil | LuaValue::Boolean(false) => Verdict::Fail,
        LuaValue::Boolean(true) => Verdict::Here,
        other => {
            let position = lua.coerce_integer(other.clone()).ok().flatten();
            Verdict::At(position.and_then(|p| usize::try_from(p.checked_sub(1)?).ok()))
        }
    }
}

fn first_step(lua: &Lua, mut this: Match) -> Result<MultiValue, Raise> {
    let (said, goes_on) = step(lua, &mut this)?;
    if !goes_on {
        return Ok(said);
    }
    // Only now is there something to keep for later.
    Ok(with_match(said, lua.create_userdata(Waiting(Some(this)))?))
}

/// The match goes to the Lua half right after the status.
fn with_match(mut said: MultiValue, object: AnyUserData) -> MultiValue {
    let status = said.pop_front().unwrap_or(LuaValue::Nil);
    said.push_front(LuaValue::UserData(object));
    said.push_front(status);
    said
}

/// Makes a step. Gives what to tell the Lua half, and whether the match will go on.
fn step(lua: &Lua, this: &mut Match) -> Result<(MultiValue, bool), Raise> {
    let Match { run, subject } = this;
    let bytes = subject.text.as_bytes();
    let mut host = LuaHost { lua, subject, bytes: &bytes };
    let step = run.step(&bytes, &mut host, STEPS).map_err(raise)?;
    Ok(match step {
        Step::Failed => ((DONE, LuaValue::Nil).into_lua_multi(lua)?, false),
        Step::Matched(values) => (listed(&host, [DONE, MANY], None, &values)?, false),
        Step::Call { function, arguments } => {
            let function = subject.values.get(function)?;
            (listed(&host, [CALL, CALL_MANY], Some(function), &arguments)?, true)
        }
        Step::Query { table, key } => {
            let said = (QUERY, subject.values.get(table)?, host.lua_value(&key)?);
            (said.into_lua_multi(lua)?, true)
        }
        Step::Paused => (PAUSE.into_lua_multi(lua)?, true),
    })
}

/// A status, a function, and values: as they are, or with the second status in a table.
fn listed(
    host: &LuaHost<'_>,
    [few, many]: [i64; 2],
    function: Option<LuaValue>,
    values: &[Value<LuaValue>],
) -> mlua::Result<MultiValue> {
    let is_few = values.len() <= FEW;
    let mut said = Vec::with_capacity(3 + if is_few { values.len() } else { 2 });
    said.push(LuaValue::Integer(if is_few { few } else { many }));
    said.extend(function);
    if is_few {
        for value in values {
            said.push(host.lua_value(value)?);
        }
    } else {
        let table = host.lua.create_table_with_capacity(values.len(), 0)?;
        for (i, value) in values.iter().enumerate() {
            table.raw_set(i + 1, host.lua_value(value)?)?;
        }
        said.push(LuaValue::Table(table));
        said.push(values.len().into_lua(host.lua)?);
    }
    Ok(MultiValue::from_vec(said))
}
