//! Patterns without Lua: what matches, what is captured, what is refused, and that nothing at all
//! can make the matcher panic. Expected values are those of LPeg 1.0.2 as Debian builds it.

mod arbitrary;
mod captures;
mod grammars;
mod toy;
