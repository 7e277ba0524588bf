//! Compares `lpeg` in scripts with the real LPeg, on patterns that are made at random. A tool for
//! development, no test: it needs Debian's `lua5.4` and `lua-lpeg`, and a built `nseer`.
//!
//!     cargo run -p nseer-peg --example differential -- target/debug/nseer [SEED [CASES]]
//!
//! One Lua program makes the patterns and prints what comes out; both run it, and the lines that
//! differ are shown. No target is given to `nseer`, so nothing is scanned.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for development, not part of the program"
)]

use std::fmt::Write as _;
use std::process::Command;

const PROLOGUE: &str = include_str!("differential.lua");

const SCRIPT: &str = "description = 'x' categories = {'safe'}
prerule = function() return true end
action = function() assert(loadfile(nmap.registry.args.cases))(nmap.registry.args.out) end
";

/// The small generator of Marsaglia; the same seed gives the same cases.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const LEAVES: &[&str] = &[
    "P'a'",
    "P'b'",
    "P'ab'",
    "P'ba'",
    "P'aab'",
    "P(1)",
    "P(2)",
    "P(3)",
    "P(-1)",
    "P(-2)",
    "S'ab'",
    "S'bc'",
    "R'ac'",
    "R('aa', 'cc')",
    "S''",
    "P(true)",
    "P(false)",
    "P''",
    "Cp()",
    "Cc('k')",
    "Cc(1, nil, 'z')",
    "Cc()",
    "Cc(nil)",
    "Cc(2.5)",
    "Cc({})",
    "Carg(1)",
    "Carg(2)",
    "Carg(3)",
    "Cb('g')",
    "Cb('h')",
    "Cb(1)",
    "P(at)",
    "P(here)",
    "C(1)",
    "C'a'",
    "1 * C(1)",
    "Cg(C(1), 'g')",
    "Cg(P'a' * Cp(), 'h')",
    "Cg(Cc(7), 1)",
];

const AROUND: &[&str] = &[
    "C(@)",
    "C(@)",
    "Cs(@)",
    "Ct(@)",
    "Cg(@)",
    "Cg(@, 'g')",
    "Cg(@, 'h')",
    "Cg(@, 1)",
    "Cf(@, fold)",
    "Cmt(@, here)",
    "Cmt(@, at)",
    "Cmt(@, values)",
    "Cmt(@, odd)",
    "Cmt(@, bad)",
    "(@) / show",
    "(@) / none",
    "(@) / two",
    "(@) / '<%0>'",
    "(@) / '%1-%0%%'",
    "(@) / '%2%a%1'",
    "(@) / map",
    "(@) / lazy",
    "(@) / 0",
    "(@) / 1",
    "(@) / 2",
    "(@) / 3",
    "(@)^0",
    "(@)^0",
    "(@)^1",
    "(@)^2",
    "(@)^-1",
    "(@)^-2",
    "(@)^-3",
    "-(@)",
    "#(@)",
    "B(@)",
    "P(@)",
    "(@) / fail",
];

const BETWEEN: &[&str] = &["@ * @", "@ * @", "@ * @", "@ + @", "@ + @", "(@) - (@)"];

fn pattern(dice: &mut Dice, depth: usize, rules: usize) -> String {
    let fill = |dice: &mut Dice, form: &str| {
        let mut text = String::new();
        for (i, piece) in form.split('@').enumerate() {
            if i > 0 {
                let _ = write!(text, "({})", pattern(dice, depth - 1, rules));
            }
            text.push_str(piece);
        }
        text
    };
    match dice.roll(12) {
        _ if depth == 0 => match dice.roll(3) {
            0 if rules > 0 => format!("V({})", 1 + dice.roll(rules)),
            _ => dice.pick(LEAVES).to_owned(),
        },
        0..=4 => {
            let form = dice.pick(AROUND);
            fill(dice, form)
        }
        5..=9 => {
            let form = dice.pick(BETWEEN);
            fill(dice, form)
        }
        10 => {
            let rules = 1 + dice.roll(3);
            let bodies: Vec<String> =
                (0..rules).map(|_| format!("P({})", pattern(dice, depth - 1, rules))).collect();
            format!("P{{{}}}", bodies.join(", "))
        }
        _ => pattern(dice, 0, rules),
    }
}

fn program(seed: u64, cases: usize) -> String {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut text = PROLOGUE.to_owned();
    for number in 0..cases {
        let depth = 1 + dice.roll(5);
        let pattern = pattern(&mut dice, depth, 0);
        let length = dice.roll(9);
        let subject: String = (0..length).map(|_| dice.pick(&["a", "b", "c"])).collect();
        let init = dice.pick(&["1", "1", "1", "2", "-1", "nil"]);
        let _ = writeln!(
            text,
            "case({number}, function() return P({pattern}), 0 end, '{subject}', {init})"
        );
    }
    text.push_str("finish()\n");
    text
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let nseer = args.next().ok_or("usage: differential NSEER [SEED [CASES]]")?;
    let seed = args.next().map_or(Ok(1), |seed| seed.parse())?;
    let cases = args.next().map_or(Ok(2000), |cases| cases.parse())?;
    let folder = std::env::temp_dir().join(format!("nseer-differential-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = |name: &str| folder.join(name).display().to_string();
    std::fs::write(file("cases.lua"), program(seed, cases))?;
    std::fs::write(file("differential.nse"), SCRIPT)?;
    // The real library crashes or hangs now and then; what it did before that is compared.
    let real = ["20", "lua5.4", &file("cases.lua"), &file("real")].map(str::to_owned);
    let ended = Command::new("timeout").args(real).status()?;
    if !ended.success() {
        println!("the real library ended early: {ended}");
    }
    let arguments = format!("cases={},out={}", file("cases.lua"), file("ours"));
    Command::new("timeout")
        .args(["60", &nseer, "--script", &file("differential.nse"), "--script-args", &arguments])
        .output()?;
    let real = std::fs::read_to_string(file("real"))?;
    let ours = std::fs::read_to_string(file("ours"))?;
    let (mut differ, compared) = (0, real.lines().count());
    if ours.lines().count() < compared {
        println!("ours ended early");
    }
    for (real, ours) in real.lines().zip(ours.lines()).filter(|(real, ours)| real != ours) {
        differ += 1;
        if differ <= 10 {
            println!("real: {real}\nours: {ours}\n");
        }
    }
    let matched = real.lines().filter(|line| line.contains(" ok ")).count();
    println!("seed {seed}: {compared} cases, {matched} without an error, {differ} differ");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
