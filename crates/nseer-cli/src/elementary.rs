//! The functions of `<math.h>` that Lua's `math` calls, in Rust.
//!
//! Nothing else of the program asks for them, so that the loader need not find, map and bind the system's
//! `libm` at each start: a tenth of the time of `nseer -V`.

#![allow(unsafe_code, reason = "C finds a function by its bare name")]

use std::ffi::c_int;

/// Functions of C, each by the one of the crate `libm` that has its name.
macro_rules! in_rust {
    ($($name:ident($($argument:ident: $kind:ty),+);)+) => {$(
        // SAFETY: name, arguments and result are those of C11, 7.12.
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $kind),+) -> f64 {
            libm::$name($($argument),+)
        }
    )+};
}

in_rust! {
    acos(x: f64);
    asin(x: f64);
    atan2(y: f64, x: f64);
    cos(x: f64);
    cosh(x: f64);
    exp(x: f64);
    ldexp(x: f64, exponent: c_int);
    log(x: f64);
    log10(x: f64);
    log2(x: f64);
    pow(x: f64, y: f64);
    sin(x: f64);
    sinh(x: f64);
    tan(x: f64);
    tanh(x: f64);
}

// SAFETY: name, arguments and result are those of C11, 7.12.6.4; the caller has room for the exponent.
#[unsafe(no_mangle)]
extern "C" fn frexp(x: f64, exponent: &mut c_int) -> f64 {
    let (fraction, power) = libm::frexp(x);
    *exponent = power;
    fraction
}
