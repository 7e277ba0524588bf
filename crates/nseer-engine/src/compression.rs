//! Compressed data (RFC 1950, 1951, 1952) as zlib's interface shapes it: window bits that name the format,
//! return codes, checksums. Knows no Lua and no sources of data.

use zlib_rs::adler32::adler32;
use zlib_rs::crc32::crc32;
use zlib_rs::{
    Deflate, DeflateConfig, DeflateError, DeflateFlush, Inflate, InflateError, InflateFlush,
    Method, Status, Strategy,
};

/// How much one step puts out.
pub(crate) const CHUNK: usize = 8_192;

/// Why nothing more comes, as a number of zlib's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A dictionary is needed, and there is none.
    NoDictionary,
    /// The dictionary is not the one that is needed.
    WrongDictionary,
    /// A return code.
    Code(i32),
}

/// What is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Raw,
    Zlib,
    Gzip,
    /// zlib or gzip: the first byte tells.
    Either,
}

impl Format {
    fn of(window_bits: i32) -> Format {
        match window_bits {
            ..0 => Format::Raw,
            0..16 => Format::Zlib,
            16..32 => Format::Gzip,
            _ => Format::Either,
        }
    }

    fn add(self, sum: u32, data: &[u8]) -> u32 {
        match self {
            Format::Raw => sum,
            Format::Zlib | Format::Either => adler32(sum, data),
            Format::Gzip => crc32(sum, data),
        }
    }
}

/// Whether `window_bits` mean something to zlib's inflateInit2.
pub(crate) fn is_inflatable(window_bits: i64) -> bool {
    matches!(window_bits, -15..=-8 | 0 | 8..=15 | 16 | 24..=31 | 32 | 40..=47)
}

/// What a step did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) consumed: usize,
    pub(crate) ended: bool,
}

/// Decompresses piece by piece.
pub(crate) struct Inflater {
    inner: Inflate,
    dictionary: Option<Vec<u8>>,
    format: Format,
    sum: u32,
}

impl Inflater {
    /// `window_bits` as zlib's inflateInit2 takes them; `None` where they mean nothing.
    pub(crate) fn new(window_bits: i64, dictionary: Option<Vec<u8>>) -> Option<Inflater> {
        let bits = i32::try_from(window_bits).ok().filter(|_| is_inflatable(window_bits))?;
        // No window of its own in 16 and 32: they take the largest.
        let size = if bits == 16 || bits == 32 { bits + 15 } else { bits };
        let inner = Inflate::new(bits >= 0, u8::try_from(size.unsigned_abs()).ok()?);
        Some(Inflater { inner, dictionary, format: Format::of(bits), sum: 1 })
    }

    /// Decompresses some of `input` and appends at most [`CHUNK`] bytes to `output`.
    pub(crate) fn step(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<Step, Trouble> {
        if let (Format::Either | Format::Gzip, Some(first), 0) =
            (self.format, input.first(), self.inner.total_in())
        {
            let gzip = self.format == Format::Gzip || *first == 0x1f;
            self.format = if gzip { Format::Gzip } else { Format::Zlib };
            self.sum = u32::from(!gzip);
        }
        let (read, written) = (self.inner.total_in(), self.inner.total_out());
        let start = output.len();
        output.resize(start + CHUNK, 0);
        let mut rest = input;
        let status = loop {
            let done = self.inner.decompress(rest, &mut output[start..], InflateFlush::NoFlush);
            match done {
                Err(InflateError::NeedDict { .. }) => {
                    let dictionary = self.dictionary.take().ok_or(Trouble::NoDictionary);
                    let set = dictionary.and_then(|text| {
                        self.inner.set_dictionary(&text).map_err(|_| Trouble::WrongDictionary)
                    });
                    if let Err(trouble) = set {
                        break Err(trouble);
                    }
                    rest = input.get(offset(read, self.inner.total_in())..).unwrap_or_default();
                }
                other => break other.map_err(|error| Trouble::Code(inflate_code(error))),
            }
        };
        output.truncate(start + offset(written, self.inner.total_out()));
        self.sum = self.format.add(self.sum, &output[start..]);
        let consumed = offset(read, self.inner.total_in());
        Ok(Step { consumed, ended: status? == Status::StreamEnd })
    }

    /// The checksum of what has been put out.
    pub(crate) fn sum(&self) -> u32 {
        self.sum
    }
}

fn offset(from: u64, to: u64) -> usize {
    usize::try_from(to - from).unwrap_or(usize::MAX)
}

fn inflate_code(error: InflateError) -> i32 {
    match error {
        InflateError::NeedDict { .. } => 2,
        InflateError::StreamError => -2,
        InflateError::DataError => -3,
        InflateError::MemError => -4,
    }
}

/// Decompresses all of `input`, up to `limit` bytes. `None` where it is not well-formed or not complete.
pub(crate) fn decompress(mut inflater: Inflater, input: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (mut output, mut position) = (Vec::new(), 0);
    loop {
        let before = output.len();
        let step = inflater.step(input.get(position..)?, &mut output).ok()?;
        position += step.consumed;
        if output.len() >= limit || step.ended {
            output.truncate(limit);
            return Some(output);
        }
        if step.consumed == 0 && output.len() == before {
            return None;
        }
    }
}

/// What deflateInit2 is told. Fields are as scripts pass them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: i64,
    pub(crate) method: i64,
    pub(crate) window_bits: i64,
    pub(crate) memory_level: i64,
    pub(crate) strategy: i64,
}

impl Settings {
    /// `None` where zlib's deflateInit2 refuses them.
    fn config(self) -> Option<DeflateConfig> {
        let valid = (-1..=9).contains(&self.level)
            && self.method == 8
            && matches!(self.window_bits, -15..=-9 | 8..=15 | 25..=31)
            && (1..=9).contains(&self.memory_level);
        let number = |n: i64| i32::try_from(n).ok();
        let strategy = Strategy::try_from(number(self.strategy)?).ok()?;
        Some(DeflateConfig {
            level: number(self.level)?,
            method: Method::Deflated,
            window_bits: number(self.window_bits)?,
            mem_level: number(self.memory_level)?,
            strategy,
        })
        .filter(|_| valid)
    }
}

/// Compresses piece by piece.
pub(crate) struct Deflater {
    inner: Deflate,
    format: Format,
    sum: u32,
}

impl Deflater {
    /// `None` where the settings mean nothing.
    pub(crate) fn new(settings: Settings) -> Option<Deflater> {
        let config = settings.config()?;
        let format = Format::of(config.window_bits);
        let sum = u32::from(format != Format::Gzip);
        Some(Deflater { inner: Deflate::new_with_config(config), format, sum })
    }

    /// Begins with a dictionary; false where the format has none.
    pub(crate) fn set_dictionary(&mut self, dictionary: &[u8]) -> bool {
        self.inner.set_dictionary(dictionary).is_ok()
    }

    /// Compresses all of `input` and appends what comes out; an error is a return code.
    pub(crate) fn run(
        &mut self,
        input: &[u8],
        flush: DeflateFlush,
        output: &mut Vec<u8>,
    ) -> Result<(), i32> {
        self.sum = self.format.add(self.sum, input);
        let mut position = 0;
        loop {
            let (read, written) = (self.inner.total_in(), self.inner.total_out());
            let start = output.len();
            output.resize(start + CHUNK, 0);
            let rest = input.get(position..).unwrap_or_default();
            let status = self.inner.compress(rest, &mut output[start..], flush);
            let produced = offset(written, self.inner.total_out());
            output.truncate(start + produced);
            position += offset(read, self.inner.total_in());
            // Room that is left over says that nothing more is waiting.
            match status.map_err(deflate_code)? {
                Status::Ok if produced == CHUNK || position < input.len() => {}
                Status::Ok | Status::BufError | Status::StreamEnd => return Ok(()),
            }
        }
    }

    /// The checksum of what has been put in.
    pub(crate) fn sum(&self) -> u32 {
        self.sum
    }
}

fn deflate_code(error: DeflateError) -> i32 {
    match error {
        DeflateError::StreamError => -2,
        DeflateError::DataError => -3,
        DeflateError::MemError => -4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(window_bits: i64) -> Settings {
        Settings { level: -1, method: 8, window_bits, memory_level: 8, strategy: 0 }
    }

    fn compressed(settings: Settings, data: &[u8]) -> Option<Vec<u8>> {
        let mut output = Vec::new();
        Deflater::new(settings)?.run(data, DeflateFlush::Finish, &mut output).ok()?;
        Some(output)
    }

    fn inflated(window_bits: i64, data: &[u8], limit: usize) -> Option<Vec<u8>> {
        decompress(Inflater::new(window_bits, None)?, data, limit)
    }

    #[test]
    fn a_limit_and_an_end() {
        let bomb = compressed(settings(15), &vec![0; 1 << 20]).expect("compressed");
        assert!(bomb.len() < 2_000);
        assert_eq!(inflated(15, &bomb, 100).map(|data| data.len()), Some(100));
        assert_eq!(inflated(15, &bomb, 1 << 21).map(|data| data.len()), Some(1 << 20));
        assert_eq!(inflated(15, &bomb[..bomb.len() - 1], 1 << 21), None, "cut off");
        assert_eq!(inflated(15, b"", 10), None);
    }

    #[test]
    fn the_smallest_window_is_of_zlib_alone() {
        for (window_bits, works) in [(8, true), (24, false), (25, true), (-8, false), (-9, true)] {
            assert_eq!(compressed(settings(window_bits), b"abc").is_some(), works, "{window_bits}");
        }
    }

    proptest! {
        #[test]
        fn data_comes_back(
            data in proptest::collection::vec(any::<u8>(), 0..2_000),
            level in -1..=9_i64,
            window in 9..=15_i64,
            memory_level in 1..=9_i64,
            strategy in 0..=4_i64,
        ) {
            for (window_bits, reads) in [(window, [15, 47]), (window + 16, [31, 47]), (-window, [-15, -15])] {
                let settings = Settings { level, method: 8, window_bits, memory_level, strategy };
                let small = compressed(settings, &data).expect("valid settings");
                for read in reads {
                    prop_assert_eq!(inflated(read, &small, usize::MAX), Some(data.clone()));
                }
            }
        }

        #[test]
        fn hostile_data(
            data in proptest::collection::vec(any::<u8>(), 0..300),
            window_bits in -20..60_i64,
            start in 0..3_usize,
        ) {
            let head: &[u8] = [&b""[..], b"\x78\x9c", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"][start];
            let data = [head, &data].concat();
            let out = inflated(window_bits, &data, 100_000);
            prop_assert!(out.is_none_or(|out| out.len() <= 100_000));
        }

        #[test]
        fn any_settings(
            level in any::<i64>(), method in 7..10_i64, window_bits in -70..70_i64,
            memory_level in -20..20_i64, strategy in -3..8_i64,
        ) {
            let level = if level % 2 == 0 { level } else { level % 10 };
            let _ = compressed(Settings { level, method, window_bits, memory_level, strategy }, b"abc");
        }
    }
}
