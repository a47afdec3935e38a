//! Protobuf's wire format (<https://protobuf.dev/programming-guides/encoding/>), walked in a file or in memory: what is
//! skipped, the weights above all, is not read.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

/// Why a walk ends.
pub enum Damage {
    CutShort,
    NotOnnx,
}

impl From<std::io::Error> for Damage {
    fn from(_: std::io::Error) -> Self {
        Damage::CutShort
    }
}

pub type Walk<T> = std::result::Result<T, Damage>;

/// A field of a message: what its value is.
pub enum Field {
    Number(u64),
    /// Length-delimited: the value's bytes end at this position.
    Until(u64),
    Skipped,
}

pub struct Walker<R = File> {
    reader: BufReader<R>,
    /// Position in the file.
    pub at: u64,
}

impl<R: Read + Seek> Walker<R> {
    /// From the file's beginning, where it stands.
    pub fn new(file: R) -> Self {
        Walker { reader: BufReader::new(file), at: 0 }
    }

    /// Reads a tag; fixed-size values are skipped at once.
    pub fn field(&mut self, end: u64) -> Walk<(u64, Field)> {
        let tag = self.varint(end)?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint(end)?),
            1 => self.skip_within(8, end)?,
            2 => {
                let length = self.varint(end)?;
                match self.at.checked_add(length) {
                    Some(until) if until <= end => Field::Until(until),
                    // Only the outermost end can be a download that stopped, but both mean the same repair.
                    _ => return Err(Damage::CutShort),
                }
            }
            5 => self.skip_within(4, end)?,
            _ => return Err(Damage::NotOnnx),
        };
        match tag >> 3 {
            0 => Err(Damage::NotOnnx),
            number => Ok((number, field)),
        }
    }

    pub fn varint(&mut self, end: u64) -> Walk<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            if self.at >= end {
                return Err(Damage::CutShort);
            }
            let mut byte = [0u8];
            self.reader.read_exact(&mut byte)?;
            self.at += 1;
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damage::NotOnnx)
    }

    pub fn text(&mut self, end: u64) -> Walk<String> {
        // Names and paths; something longer is not one.
        const LONGEST: u64 = 1 << 16;
        let length = end.saturating_sub(self.at);
        if length > LONGEST {
            return Err(Damage::NotOnnx);
        }
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes)?;
        self.at = end;
        String::from_utf8(bytes).map_err(|_| Damage::NotOnnx)
    }

    /// StringStringEntryProto: 1 = key, 2 = value.
    pub fn entry(&mut self, end: u64) -> Walk<(String, String)> {
        let (mut key, mut value) = (String::new(), String::new());
        while self.at < end {
            match self.field(end)? {
                (1, Field::Until(text)) => key = self.text(text)?,
                (2, Field::Until(text)) => value = self.text(text)?,
                (_, Field::Until(next)) => self.skip_to(next)?,
                _ => {}
            }
        }
        Ok((key, value))
    }

    fn skip_within(&mut self, bytes: u64, end: u64) -> Walk<Field> {
        let next = self.at + bytes;
        if next > end {
            return Err(Damage::CutShort);
        }
        self.skip_to(next)?;
        Ok(Field::Skipped)
    }

    pub fn skip_to(&mut self, next: u64) -> Walk<()> {
        let distance = i64::try_from(next.saturating_sub(self.at)).map_err(|_| Damage::NotOnnx)?;
        self.reader.seek_relative(distance)?;
        self.at = next;
        Ok(())
    }

    /// Appends the bytes from one position to another, wherever the walk stands.
    ///
    /// # Errors
    /// What the file meets, and [`std::io::ErrorKind::OutOfMemory`].
    pub fn copy(&mut self, from: u64, until: u64, to: &mut Vec<u8>) -> std::io::Result<()> {
        let length = until.saturating_sub(from);
        to.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::OutOfMemory))?;
        self.reader.seek(SeekFrom::Start(from))?;
        let read = self.reader.by_ref().take(length).read_to_end(to)?;
        self.at = from + read as u64;
        match read as u64 == length {
            true => Ok(()),
            false => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Goes through the fields of a message; `look` is told where each begins, and need not read what is in it.
///
/// # Errors
/// What the walk meets, and what `look` does.
pub fn walked<'m>(
    message: &'m [u8],
    mut look: impl FnMut(&mut Walker<Cursor<&'m [u8]>>, u64, (u64, &Field)) -> Walk<()>,
) -> Walk<()> {
    let end = message.len() as u64;
    let mut walker = Walker::new(Cursor::new(message));
    while walker.at < end {
        let begin = walker.at;
        let (number, field) = walker.field(end)?;
        look(&mut walker, begin, (number, &field))?;
        if let Field::Until(next) = field {
            walker.skip_to(next)?;
        }
    }
    Ok(())
}

/// A number of a message, the last one; 0 where it has none.
///
/// # Errors
/// What the walk meets.
pub fn number(message: &[u8], field: u64) -> Walk<u64> {
    let mut found = 0;
    walked(message, |_, _, at| {
        if let (number, Field::Number(value)) = at
            && number == field
        {
            found = *value;
        }
        Ok(())
    })?;
    Ok(found)
}

/// A text of a message, the last one.
///
/// # Errors
/// What the walk meets.
pub fn text(message: &[u8], field: u64) -> Walk<Option<String>> {
    let mut found = None;
    walked(message, |walker, _, at| {
        if let (number, Field::Until(next)) = at
            && number == field
        {
            found = Some(walker.text(*next)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Writes a number as the wire has it.
pub fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Writes a length-delimited field.
pub fn put_bytes(bytes: &mut Vec<u8>, field: u64, value: &[u8]) {
    put_varint(bytes, field << 3 | 2);
    put_varint(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}

/// Writes a number's field.
pub fn put_number(bytes: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(bytes, field << 3);
    put_varint(bytes, value);
}

/// What comes in the place of a field's content, if something does.
pub type Edit<'a> = &'a dyn Fn(&[u8]) -> Walk<Option<Vec<u8>>>;

/// A message with something else in those of its fields of that number for which `edit` knows it; `None` where that is none.
///
/// # Errors
/// What the walk meets, and what `edit` does.
pub fn edited(message: &[u8], field: u64, edit: Edit<'_>) -> Walk<Option<Vec<u8>>> {
    let part = |from: u64, until: u64| message.get(from as usize..until as usize).unwrap_or_default();
    let (mut made, mut copied) = (Vec::new(), 0);
    walked(message, |walker, begin, at| {
        if let (number, &Field::Until(next)) = at
            && number == field
            && let Some(instead) = edit(part(walker.at, next))?
        {
            made.extend_from_slice(part(copied, begin));
            put_bytes(&mut made, field, &instead);
            copied = next;
        }
        Ok(())
    })?;
    if copied == 0 {
        return Ok(None);
    }
    made.extend_from_slice(part(copied, message.len() as u64));
    Ok(Some(made))
}
