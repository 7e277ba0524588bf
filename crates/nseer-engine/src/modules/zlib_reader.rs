//! A stream of `zlib` that reads: takes compressed data from a source of the script's making when it
//! is asked for bytes or lines, and no sooner. Does not know what the bytes mean.

use mlua::{Function, Value};
use nseer_lua::Raise;

use crate::compression::{CHUNK, Inflater, Trouble};
use crate::modules::zlib_stream::called;

/// Most bytes that one read gathers.
const MOST_BYTES: usize = 64 << 20;

/// Where compressed data comes from.
pub(crate) enum Source {
    /// All of it.
    Text(Vec<u8>),
    /// Asked with a number of bytes, it gives some, and nothing at the end.
    Function(Function),
    /// The same as a method; with `peek`, no more is read than is used.
    Object {
        /// What they are methods of.
        object: Value,
        /// Takes bytes away.
        read: Function,
        /// Shows bytes.
        peek: Option<Function>,
    },
}

/// A stream that reads.
pub(crate) struct Reader {
    source: Source,
    inflater: Inflater,
    /// Compressed data, of which `used` bytes are used.
    input: Vec<u8>,
    used: usize,
    /// The source has no more.
    dry: bool,
    /// Decompressed data, of which `given` bytes are given.
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Reader {
    pub(crate) fn new(source: Source, inflater: Inflater) -> Reader {
        let (input, output) = (Vec::new(), Vec::new());
        Reader { source, inflater, input, used: 0, dry: false, output, given: 0, ended: false }
    }

    /// The checksum of what has been decompressed.
    pub(crate) fn sum(&self) -> u32 {
        self.inflater.sum()
    }

    /// Everything that is left.
    pub(crate) fn all(&mut self) -> Result<Vec<u8>, Raise> {
        while self.fill()? {}
        Ok(self.take(usize::MAX))
    }

    /// At most `n` bytes; `None` at the end.
    pub(crate) fn bytes(&mut self, n: usize) -> Result<Option<Vec<u8>>, Raise> {
        while self.left().len() < n.max(1) && self.fill()? {}
        Ok(if self.left().is_empty() { None } else { Some(self.take(n)) })
    }

    /// A line without its end, which is CR, LF or both; `None` where nothing is left.
    pub(crate) fn line(&mut self) -> Result<Option<Vec<u8>>, Raise> {
        let mut looked = 0;
        loop {
            let left = self.left();
            let found = memchr::memchr2(b'\r', b'\n', &left[looked..]).map(|at| looked + at);
            let Some(end) = found else {
                looked = left.len();
                if self.fill()? {
                    continue;
                }
                return Ok(if self.left().is_empty() { None } else { Some(self.take(looked)) });
            };
            // What follows a CR tells whether it is half of an end.
            if left[end] == b'\r' && end + 1 == left.len() && self.fill()? {
                continue;
            }
            let two = self.left()[end..].starts_with(b"\r\n");
            let line = self.take(end);
            self.take(if two { 2 } else { 1 });
            return Ok(Some(line));
        }
    }

    fn left(&self) -> &[u8] {
        &self.output[self.given..]
    }

    /// Gives at most `n` bytes away.
    fn take(&mut self, n: usize) -> Vec<u8> {
        let left = self.left();
        let taken = left[..n.min(left.len())].to_vec();
        self.given += taken.len();
        taken
    }

    /// Decompresses more; false where there is no more.
    fn fill(&mut self) -> Result<bool, Raise> {
        if self.given > 0 {
            self.output.drain(..self.given);
            self.given = 0;
        }
        if self.output.len() > MOST_BYTES {
            return Err(failed(-4));
        }
        let before = self.output.len();
        while !self.ended && self.output.len() == before {
            self.fetch()?;
            let input = self.input.get(self.used..).unwrap_or_default();
            let step = self.inflater.step(input, &mut self.output).map_err(trouble)?;
            self.used += step.consumed;
            let idle = step.consumed == 0 && self.output.len() == before;
            // Data that breaks off ends without an error.
            self.ended = step.ended || (idle && (self.dry || self.peeks()));
            if self.peeks() {
                self.acknowledge(step.consumed)?;
            }
        }
        Ok(self.output.len() > before)
    }

    fn peeks(&self) -> bool {
        matches!(self.source, Source::Object { peek: Some(_), .. })
    }

    /// Gets compressed data where none is left.
    fn fetch(&mut self) -> Result<(), Raise> {
        if self.dry || self.used < self.input.len() {
            return Ok(());
        }
        let piece = match &mut self.source {
            Source::Text(text) => {
                self.dry = true;
                std::mem::take(text)
            }
            Source::Function(function) => bytes(&called(function, CHUNK)?)?,
            Source::Object { object, read, peek } => {
                let function = peek.as_ref().unwrap_or(read);
                bytes(&called(function, (&*object, CHUNK))?)?
            }
        };
        self.dry |= piece.is_empty();
        (self.input, self.used) = (piece, 0);
        Ok(())
    }

    /// Takes away what was shown and used.
    fn acknowledge(&mut self, consumed: usize) -> Result<(), Raise> {
        if let Source::Object { object, read, .. } = &self.source
            && consumed > 0
        {
            called(read, (object, consumed))?;
        }
        (self.input, self.used) = (Vec::new(), 0);
        Ok(())
    }
}

fn bytes(value: &Value) -> Result<Vec<u8>, Raise> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::String(text) => Ok(text.as_bytes().to_vec()),
        Value::Integer(_) | Value::Number(_) => Ok(value.to_string()?.into_bytes()),
        _ => Err(Raise::new("deflate callback must return string or nil")),
    }
}

fn failed(code: i32) -> Raise {
    Raise::new(format!("failed to decompress [{code}]"))
}

fn trouble(trouble: Trouble) -> Raise {
    match trouble {
        Trouble::NoDictionary => Raise::new("no inflate dictionary provided"),
        Trouble::WrongDictionary => Raise::new("call to inflateSetDictionnary failed"),
        Trouble::Code(code) => failed(code),
    }
}
