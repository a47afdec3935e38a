//! NumPy's .npy as it holds noise: float32, four dimensions, rows in C order.

use std::io::Read;

/// The longest header that is read, and the most numbers: 4 GiB of them.
const MOST_HEADER: usize = 1 << 16;
const MOST_VALUES: usize = 1 << 30;

#[derive(Debug)]
pub enum Error {
    /// A whole .npy, but not of four-dimensional float32.
    OtherKind,
    Unreadable(String),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::Unreadable(error.to_string())
    }
}

/// The numbers and the shape.
pub fn read(mut file: impl Read) -> Result<(Vec<f32>, [usize; 4]), Error> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|_| not_npy())?;
    if &start[..6] != b"\x93NUMPY" {
        return Err(not_npy());
    }
    let length = if start[6] == 1 {
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        usize::from(u16::from_le_bytes(length))
    } else {
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        u32::from_le_bytes(length) as usize
    };
    if length > MOST_HEADER {
        return Err(not_npy());
    }
    let mut header = vec![0; length];
    file.read_exact(&mut header)?;
    let header = String::from_utf8_lossy(&header);
    let shape = shape(&header).ok_or_else(not_npy)?;
    let plain = field(&header, "descr") == Some("'<f4'") && field(&header, "fortran_order") == Some("False");
    let shape: [usize; 4] = shape.try_into().map_err(|_| Error::OtherKind)?;
    if !plain {
        return Err(Error::OtherKind);
    }
    let count = shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)).filter(|n| *n <= MOST_VALUES);
    let count = count.ok_or_else(|| Error::Unreadable("it is too large for noise".into()))?;
    let mut bytes = Vec::new();
    file.take(count as u64 * 4).read_to_end(&mut bytes)?;
    if bytes.len() != count * 4 {
        return Err(Error::Unreadable("it ends too early".into()));
    }
    let values = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    Ok((values, shape))
}

fn not_npy() -> Error {
    Error::Unreadable("it is not a .npy file of NumPy".into())
}

/// The text of a field of the header, up to the comma.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let from = header.split_once(&format!("'{name}':"))?.1;
    Some(from.split_once(',')?.0.trim())
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let from = header.split_once("'shape':")?.1.split_once('(')?.1;
    let sides = from.split_once(')')?.0.split(',').map(str::trim).filter(|side| !side.is_empty());
    sides.map(|side| side.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, shape: &str, bytes: usize) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend((0..bytes).map(|n| n as u8));
        file
    }

    #[test]
    fn four_dimensions_of_float32_are_read_and_all_else_is_refused() {
        let (values, shape) = read(&file("<f4", "(1, 2, 1, 3)", 24)[..]).unwrap();
        assert_eq!((values.len(), shape), (6, [1, 2, 1, 3]));
        assert_eq!(values[1], f32::from_le_bytes([4, 5, 6, 7]));
        assert!(matches!(read(&file("<f8", "(1, 2, 1, 3)", 48)[..]), Err(Error::OtherKind)));
        assert!(matches!(read(&file("<f4", "(2, 3)", 24)[..]), Err(Error::OtherKind)));
        for broken in [
            file("<f4", "(1, 2, 1, 3)", 23),
            file("<f4", "(99999999, 99999999, 99999999, 3)", 24),
            file("<f4", "(1, x, 1, 3)", 24),
            b"words".to_vec(),
        ] {
            assert!(matches!(read(&broken[..]), Err(Error::Unreadable(_))));
        }
    }
}
