//! The functions of Lua's `math` that are not the system's.

use std::process::Command;

use crate::lab::Folder;

/// What a name of Lua's `math` computes, by the system's functions.
type Function = (&'static str, fn(f64, f64) -> f64);

const FUNCTIONS: &[Function] = &[
    ("math.acos(x / 1000)", |x, _| (x / 1000.0).acos()),
    ("math.asin(x / 1000)", |x, _| (x / 1000.0).asin()),
    ("math.atan(x, y)", f64::atan2),
    ("math.cos(x)", |x, _| x.cos()),
    ("math.cosh(x)", |x, _| x.cosh()),
    ("math.exp(x)", |x, _| x.exp()),
    ("math.ldexp(x, 7)", |x, _| x * 128.0),
    ("math.log(x * x)", |x, _| (x * x).ln()),
    ("math.log(x * x, 10)", |x, _| (x * x).log10()),
    ("math.log(x * x, 2)", |x, _| (x * x).log2()),
    ("x ^ 3 + math.abs(x) ^ y", |x, y| x.powf(3.0) + x.abs().powf(y)),
    ("math.sin(x)", |x, _| x.sin()),
    ("math.sinh(x)", |x, _| x.sinh()),
    ("math.tan(x)", |x, _| x.tan()),
    ("math.tanh(x)", |x, _| x.tanh()),
    ("select(1, math.frexp(x))", |x, _| x / 2f64.powi(x.abs().log2().floor() as i32 + 1)),
    ("select(2, math.frexp(x))", |x, _| x.abs().log2().floor() + 1.0),
];

const ARGUMENTS: &[(f64, f64)] =
    &[(0.3, 2.5), (-1.75, 0.125), (700.25, -3.0), (-1e-9, 0.5), (999.0, 1e-3)];

#[test]
fn scripts_compute_as_with_the_functions_of_the_system() {
    let folder = Folder::new();
    let calls: String = FUNCTIONS
        .iter()
        .map(|(call, _)| format!("  function(x, y) return {call} end,\n"))
        .collect();
    let arguments: String = ARGUMENTS.iter().map(|(x, y)| format!("{{{x}, {y}}}, ")).collect();
    folder.write(
        "numbers.nse",
        &format!(
            "categories = {{\"safe\"}}\nprerule = function() return true end\n\
             local calls = {{\n{calls}}}\naction = function()\n  local out = {{}}\n\
             for i, call in ipairs(calls) do\n  for j, a in ipairs({{{arguments}}}) do\n\
             out[#out + 1] = (\"= %d %d %.17g\"):format(i, j, call(a[1], a[2]))\n\
             end\n  end\n  return out\nend\n"
        ),
    );
    let output = folder.nseer(&["--script", "numbers.nse"]);
    let numbers: Vec<(usize, usize, f64)> = output
        .stdout
        .lines()
        .filter_map(|line| {
            let mut words = line.split("= ").nth(1)?.split(' ');
            let mut next = || words.next();
            Some((next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?))
        })
        .collect();
    assert_eq!(numbers.len(), FUNCTIONS.len() * ARGUMENTS.len(), "{output:#?}");
    for (call, argument, number) in numbers {
        let (name, function) = FUNCTIONS[call - 1];
        let (x, y) = ARGUMENTS[argument - 1];
        let expected = function(x, y);
        let is_near = (number - expected).abs() <= 4.0 * f64::EPSILON * expected.abs();
        assert!(number == expected || is_near, "{name} of {x}, {y}: {number}, {expected}");
    }
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_start_loads_the_system_s_c_library_alone() {
    // ld.so(8) lists what it would load.
    let listed = Command::new(env!("CARGO_BIN_EXE_nseer"))
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .expect("nseer can be started");
    let listed = String::from_utf8_lossy(&listed.stdout);
    assert!(listed.contains("libc.so.6"), "{listed}");
    assert!(!listed.contains("libm.so"), "{listed}");
}
