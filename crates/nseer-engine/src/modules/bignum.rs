//! The numbers of `openssl`: functions whose names begin with `bignum_`, and the methods of the objects
//! that they make. What the numbers can do is in `nseer-crypto`.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{AnyUserData, Lua, MetaMethod, Table, UserData, Value};
use mlua::{UserDataFields, UserDataMethods};
use nseer_crypto::{BigNumber, CryptoError};
use nseer_lua::{Args, Raise, Reply};

use crate::environment::World;
use crate::modules::openssl::{bytes, raise};
use crate::modules::{Body, fill, methods, show_metatable};

/// What scripts hold.
struct Handle(Rc<RefCell<BigNumber>>);

/// Name of the registry value that holds the methods.
const METHODS: &str = "nseer big number methods";

impl UserData for Handle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "BIGNUM");
        fields.add_meta_field_with("__index", |lua| lua.named_registry_value::<Table>(METHODS));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            this.0.borrow().to_hex().map_err(mlua::Error::external)
        });
    }
}

const FUNCTIONS: &[(&str, Body)] = &[
    ("bignum_bin2bn", |_, lua, args| made(lua, BigNumber::from_bytes(&text(lua, args)?))),
    ("bignum_dec2bn", |_, lua, args| made(lua, BigNumber::from_decimal(&text(lua, args)?))),
    ("bignum_hex2bn", |_, lua, args| made(lua, BigNumber::from_hex(&text(lua, args)?))),
    ("bignum_rand", rand),
    ("bignum_pseudo_rand", rand),
    ("bignum_bn2bin", to_bytes),
    ("bignum_bn2mpi", to_mpi),
    ("bignum_bn2dec", to_decimal),
    ("bignum_bn2hex", to_hex),
    ("bignum_num_bits", num_bits),
    ("bignum_num_bytes", num_bytes),
    ("bignum_set_bit", set_bit),
    ("bignum_clear_bit", clear_bit),
    ("bignum_is_bit_set", is_bit_set),
    ("bignum_is_prime", is_prime),
    ("bignum_is_safe_prime", is_safe_prime),
    ("bignum_add", add),
    ("bignum_div", divide),
    ("bignum_mod_exp", power),
];

const METHOD_TABLE: &[(&str, Body)] = &[
    ("tobin", to_bytes),
    ("tompi", to_mpi),
    ("todec", to_decimal),
    ("tohex", to_hex),
    ("num_bits", num_bits),
    ("num_bytes", num_bytes),
    ("set_bit", set_bit),
    ("clear_bit", clear_bit),
    ("is_bit_set", is_bit_set),
    ("is_prime", is_prime),
    ("is_safe_prime", is_safe_prime),
];

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, openssl: &Table) -> mlua::Result<()> {
    let native = world.scheduler.native();
    fill(&native, world, openssl, FUNCTIONS)?;
    let lua = world.lua();
    lua.set_named_registry_value(METHODS, methods(world, world, METHOD_TABLE)?)?;
    // As with OpenSSL's module, the methods can also be had from the metatable.
    let visible = methods(world, world, METHOD_TABLE)?;
    visible.raw_set("__index", &visible)?;
    visible.raw_set("__name", "BIGNUM")?;
    visible.raw_set("__tostring", visible.raw_get::<Value>("tohex")?)?;
    let sample = BigNumber::from_bytes(&[]).map_err(mlua::Error::external)?;
    show_metatable(&native, &object(lua, sample)?, &visible)
}

/// A number as an object.
pub(crate) fn object(lua: &Lua, number: BigNumber) -> mlua::Result<AnyUserData> {
    lua.create_userdata(Handle(Rc::new(RefCell::new(number))))
}

fn made(lua: &Lua, number: Result<BigNumber, CryptoError>) -> Result<Reply, Raise> {
    Reply::values(lua, object(lua, number.map_err(raise)?)?)
}

fn text(lua: &Lua, args: &Args) -> Result<Vec<u8>, Raise> {
    Ok(args.string(lua, 1)?.as_bytes().to_vec())
}

/// The number that argument `n` is.
fn number(args: &Args, n: usize) -> Result<Rc<RefCell<BigNumber>>, Raise> {
    args.object(n, "BIGNUM", |handle: &Handle| handle.0.clone())
}

fn rand(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let bits = usize::try_from(args.integer(lua, 1)?.max(0)).unwrap_or(usize::MAX);
    let length = BigNumber::bytes_for(bits).map_err(raise)?;
    made(lua, BigNumber::from_random(world.config.system.random.bytes(length), bits))
}

fn to_bytes(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    bytes(lua, Ok(number(args, 1)?.borrow().to_bytes()))
}

fn to_mpi(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    bytes(lua, Ok(number(args, 1)?.borrow().to_mpi()))
}

fn to_decimal(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    Reply::values(lua, number(args, 1)?.borrow().to_decimal().map_err(raise)?)
}

fn to_hex(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    Reply::values(lua, number(args, 1)?.borrow().to_hex().map_err(raise)?)
}

fn num_bits(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    Reply::values(lua, number(args, 1)?.borrow().bits())
}

fn num_bytes(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    Reply::values(lua, number(args, 1)?.borrow().bytes())
}

fn set_bit(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (number, bit) = (number(args, 1)?, args.integer(lua, 2)?);
    number.borrow_mut().set_bit(bit).map_err(raise)?;
    Ok(Reply::nothing())
}

fn clear_bit(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (number, bit) = (number(args, 1)?, args.integer(lua, 2)?);
    number.borrow_mut().clear_bit(bit).map_err(raise)?;
    Ok(Reply::nothing())
}

fn is_bit_set(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (number, bit) = (number(args, 1)?, args.integer(lua, 2)?);
    Reply::values(lua, number.borrow().is_bit_set(bit))
}

fn is_prime(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    tested(lua, args, BigNumber::is_prime)
}

fn is_safe_prime(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    tested(lua, args, BigNumber::is_safe_prime)
}

/// From this length on, a test for primes is done beside the other scripts, which go on meanwhile.
const LONG_TEST_BITS: i32 = 1_024;

fn tested<R: mlua::IntoLuaMulti + Send + 'static>(
    lua: &Lua,
    args: &Args,
    test: fn(&BigNumber) -> Result<R, CryptoError>,
) -> Result<Reply, Raise> {
    let number = number(args, 1)?;
    let number = number.borrow();
    if number.bits() < LONG_TEST_BITS {
        return Reply::values(lua, test(&number).map_err(raise)?);
    }
    let (lua, copy) = (lua.clone(), number.copy().map_err(raise)?);
    Ok(Reply::wait(async move {
        let result = tokio::task::spawn_blocking(move || test(&copy)).await;
        let result = result.map_err(|_| Raise::new("the test for primes was cut short"))?;
        Ok(result.map_err(raise)?.into_lua_multi(&lua)?)
    }))
}

fn add(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (a, b) = (number(args, 1)?, number(args, 2)?);
    made(lua, a.borrow().add(&b.borrow()))
}

fn divide(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (a, b) = (number(args, 1)?, number(args, 2)?);
    let (quotient, remainder) = a.borrow().divide(&b.borrow()).map_err(raise)?;
    Reply::values(lua, (object(lua, quotient)?, object(lua, remainder)?))
}

fn power(_: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (base, exponent) = (number(args, 1)?, number(args, 2)?);
    let modulus = number(args, 3)?;
    made(lua, base.borrow().power(&exponent.borrow(), &modulus.borrow()))
}
