//! `nmap.registry`: how what several workers wrote is brought together, and how a scan that may be
//! broken off keeps it.

use std::collections::HashSet;

use mlua::Table;
use nseer_core::RegistryChange;

use crate::environment::World;

mod authors;
mod journal;
mod keeper;
mod restore;

pub(crate) use authors::Author;
pub(crate) use journal::Journal;
pub(crate) use keeper::Keeper;
pub(crate) use restore::restore;

/// The key with the script arguments, which each run is given anew.
const ARGUMENTS: &[u8] = b"args";

/// True for a key that each worker fills for itself.
pub(crate) fn is_memo(memos: &HashSet<String>, key: &[u8]) -> bool {
    std::str::from_utf8(key).is_ok_and(|key| memos.contains(key))
}

pub(crate) fn registry(world: &World) -> mlua::Result<Table> {
    world.nmap.raw_get("registry")
}

/// What this worker added to its registry since [`take_given`], without the script arguments.
pub(crate) fn export(world: &World) -> mlua::Result<Vec<RegistryChange>> {
    let mut given = world.given.borrow_mut();
    let Some(given) = &mut *given else { return Ok(Vec::new()) };
    let news = given.news(None, &|key| key == ARGUMENTS)?;
    if news.left_behind > 0 {
        world.debug(1, || format!("{} registry values stay with their worker", news.left_behind));
    }
    Ok(news.changes)
}

/// What is in the registry now is known to the other workers.
pub(crate) fn take_given(world: &World) -> mlua::Result<()> {
    let root = registry(world)?;
    world.given.borrow_mut().get_or_insert_with(|| Journal::of(&root)).take_given()
}

/// Adds what another worker wrote.
pub(crate) fn merge(world: &World, changes: &[RegistryChange]) -> mlua::Result<()> {
    let lua = world.lua();
    let other = lua.create_table()?;
    restore(lua, changes, &other)?;
    nseer_lua::merge(lua, &nseer_lua::export(&other)?, &registry(world)?)
}
