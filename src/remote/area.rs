//! Memory that one side writes and the other reads. Who writes waits until the other has taken what was there; that is
//! agreed by messages, so nobody meets half of a picture.

use super::system::{Borrowed, Owned, Readable, Writable};
use crate::error::{Error, Result, Status};

/// Each block begins at a multiple of this.
const ALIGNED: usize = 64;
/// Sizes are whole multiples of this, so that a little more needs no new memory.
const GRAIN: usize = 1 << 20;
/// More than any picture needs: a window of 8192 x 8192 with all that can be given with it.
const MOST: usize = 3 << 29;

/// What this side writes into.
pub struct Outbox(Writable);

/// What the other side writes into.
pub struct Inbox(Readable);

fn no_memory(bytes: usize, why: impl std::fmt::Display) -> Error {
    let megabytes = bytes.div_ceil(1 << 20);
    Error::new(
        Status::Memory,
        format!(
            "There is no room for {megabytes} MiB between the engine and its process ({why}); close something."
        ),
    )
}

fn garbled() -> Error {
    Error::new(Status::Internal, "What the engine's process has sent does not fit together; paint on.")
}

impl Outbox {
    fn new(bytes: usize) -> Result<Outbox> {
        if bytes > MOST {
            return Err(no_memory(bytes, "that is more than is ever needed"));
        }
        Writable::new(bytes).map(Outbox).map_err(|e| no_memory(bytes, e))
    }

    /// What the other side opens.
    pub fn handle(&self) -> Borrowed<'_> {
        self.0.handle()
    }
}

impl Inbox {
    pub fn open(memory: Owned) -> Result<Inbox> {
        Readable::open(memory).map(Inbox).map_err(|_| garbled())
    }

    /// What was packed.
    pub fn unpack(&self) -> Unpacker<'_> {
        Unpacker { bytes: &self.0, at: 0 }
    }
}

/// Writes `head` and `blocks` one after the other. Whether that took a new memory, which is to be sent to the other side.
pub fn pack(outbox: &mut Option<Outbox>, head: &[u8], blocks: &[&[f32]]) -> Result<bool> {
    let sizes = std::iter::once(head.len()).chain(blocks.iter().map(|block| size_of_val(*block)));
    let needed: usize = sizes.map(|size| size.next_multiple_of(ALIGNED)).sum();
    let fresh = outbox.as_ref().is_none_or(|outbox| outbox.0.len() < needed);
    if fresh {
        // The old one goes first.
        *outbox = None;
        *outbox = Some(Outbox::new(needed.max(1).next_multiple_of(GRAIN))?);
    }
    if let Some(outbox) = outbox {
        let mut at = 0;
        let mut write = |bytes: &[u8]| {
            outbox.0[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len().next_multiple_of(ALIGNED);
        };
        write(head);
        blocks.iter().for_each(|block| write(bytemuck::cast_slice(block)));
    }
    Ok(fresh)
}

/// Reads what was packed, in the same order; what does not fit is an error.
pub struct Unpacker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Unpacker<'a> {
    pub fn head(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or_else(garbled)?;
        let bytes = self.bytes.get(self.at..end).ok_or_else(garbled)?;
        self.at = end.next_multiple_of(ALIGNED);
        Ok(bytes)
    }

    /// As many numbers as an array of these sides has.
    pub fn block(&mut self, sides: &[usize]) -> Result<&'a [f32]> {
        let length = sides.iter().try_fold(size_of::<f32>(), |bytes, side| bytes.checked_mul(*side));
        let bytes = self.head(length.ok_or_else(garbled)?)?;
        bytemuck::try_cast_slice(bytes).map_err(|_| garbled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_read_and_no_more() {
        let mut outbox = None;
        assert!(pack(&mut outbox, b"head", &[&[1.0, 2.0], &[3.0; 100]]).unwrap());
        assert!(!pack(&mut outbox, b"later", &[&[1.5, 2.5], &[3.5; 100]]).unwrap(), "there is room");
        let inbox = Inbox::open(outbox.as_ref().unwrap().handle().try_clone_to_owned().unwrap()).unwrap();
        let mut unpacker = inbox.unpack();
        assert_eq!(unpacker.head(5).unwrap(), b"later");
        assert_eq!(unpacker.block(&[1, 2]).unwrap(), [1.5, 2.5]);
        assert_eq!(unpacker.block(&[10, 10]).unwrap(), [3.5; 100]);
        assert!(unpacker.block(&[GRAIN]).is_err() && unpacker.block(&[usize::MAX, 8]).is_err());
        assert!(unpacker.head(usize::MAX).is_err());
        assert!(pack(&mut outbox, b"", &[&vec![0.0; GRAIN]]).unwrap(), "too small now");
    }

    #[test]
    fn more_than_can_be_is_an_error() {
        assert_eq!(Outbox::new(MOST + 1).err().map(|e| e.status), Some(Status::Memory));
    }
}
