//! Runs a BPF program on a packet as the kernel would, for tests and comparisons: captures give
//! their programs to the kernel. Unknown instructions refuse the packet.

use super::Instruction;
use super::code::{
    ABSOLUTE, BY_X, BYTE, CALCULATE, CELLS, EQUAL, GREATER, GREATER_OR_EQUAL, HALF, HEADER_LENGTH,
    INDEXED, JUMP, LENGTH, LOAD, LOAD_X, MEMORY, MOVE, NEGATE, RETURN, STORE, TO_A,
};

/// The registers and the memory.
#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; CELLS as usize],
}

/// How many bytes of `packet` the program accepts; 0 refuses it.
pub(super) fn run(program: &[Instruction], packet: &[u8]) -> u32 {
    let mut machine = Machine::default();
    let mut at = 0_usize;
    // Jumps only go forward, so this ends.
    while let Some(instruction) = program.get(at) {
        at += 1;
        match instruction.code & 7 {
            RETURN => return instruction.operand,
            JUMP => at = at.saturating_add(machine.jump(instruction)),
            _ => match machine.step(instruction, packet) {
                Some(()) => {}
                None => return 0,
            },
        }
    }
    0
}

impl Machine {
    fn jump(&self, i: &Instruction) -> usize {
        let other = if i.code & BY_X != 0 { self.x } else { i.operand };
        let is_true = match i.code & 0xf0 {
            EQUAL => self.a == other,
            GREATER => self.a > other,
            GREATER_OR_EQUAL => self.a >= other,
            0x40 => self.a & other != 0,
            _ => return usize::try_from(i.operand).unwrap_or(usize::MAX),
        };
        usize::from(if is_true { i.if_true } else { i.if_false })
    }

    fn step(&mut self, i: &Instruction, packet: &[u8]) -> Option<()> {
        match i.code & 7 {
            LOAD => self.a = self.load(i, packet)?,
            LOAD_X => {
                self.x = if i.code & 0xe0 == HEADER_LENGTH {
                    (read(packet, i.operand, 1)? & 15) * 4
                } else {
                    self.load(i, packet)?
                };
            }
            STORE => *self.memory.get_mut(usize::try_from(i.operand).ok()?)? = self.a,
            CALCULATE => self.calculate(i)?,
            MOVE if i.code & TO_A != 0 => self.a = self.x,
            MOVE => self.x = self.a,
            _ => return None,
        }
        Some(())
    }

    fn load(&self, i: &Instruction, packet: &[u8]) -> Option<u32> {
        let size = match i.code & 0x18 {
            HALF => 2,
            BYTE => 1,
            _ => 4,
        };
        match i.code & 0xe0 {
            ABSOLUTE => read(packet, i.operand, size),
            INDEXED => read(packet, self.x.wrapping_add(i.operand), size),
            MEMORY => self.memory.get(usize::try_from(i.operand).ok()?).copied(),
            LENGTH => u32::try_from(packet.len()).ok(),
            _ => Some(i.operand),
        }
    }

    fn calculate(&mut self, i: &Instruction) -> Option<()> {
        let other = if i.code & BY_X != 0 { self.x } else { i.operand };
        self.a = match i.code & 0xf0 {
            0x00 => self.a.wrapping_add(other),
            0x10 => self.a.wrapping_sub(other),
            0x20 => self.a.wrapping_mul(other),
            0x30 => self.a.checked_div(other)?,
            0x40 => self.a | other,
            0x50 => self.a & other,
            0x60 => self.a.checked_shl(other).unwrap_or(0),
            0x70 => self.a.checked_shr(other).unwrap_or(0),
            NEGATE => self.a.wrapping_neg(),
            0x90 => self.a.checked_rem(other)?,
            0xa0 => self.a ^ other,
            _ => return None,
        };
        Some(())
    }
}

fn read(packet: &[u8], at: u32, size: usize) -> Option<u32> {
    let at = usize::try_from(at).ok()?;
    let bytes = packet.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}
