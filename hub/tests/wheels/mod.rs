//! ONNX Runtime's wheels, made up.

use std::io::Write;

use scumble_hub::runtime::{Member, Wheel};
use zip::write::SimpleFileOptions;

use crate::server::{Hub, sha256};

pub const LIBRARY: &str = "libonnxruntime.so.9.0.0";

/// A wheel on the server, with a library in it.
pub fn wheel(hub: &Hub, version: &str, library: &[u8]) -> Wheel {
    let file = format!("onnxruntime-{version}.whl");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in
        [(format!("capi/{LIBRARY}"), library), ("LICENSE".into(), b"free"), ("../evil".into(), b"x")]
    {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let packed = zip.finish().unwrap().into_inner();
    let take = |member: &str, to: &str, size: usize| Member {
        member: member.into(),
        to: to.into(),
        size: size as u64,
    };
    let made = Wheel {
        name: "cpu".into(),
        title: "ONNX Runtime".into(),
        good_at: "Tests.".into(),
        version: version.into(),
        system: "any".into(),
        licence: "mit".into(),
        url: hub.direct("painter/wheels", &file),
        size: packed.len() as u64,
        sha256: sha256(&packed),
        take: vec![
            take(&format!("capi/{LIBRARY}"), LIBRARY, library.len()),
            take("LICENSE", "LICENSE.onnxruntime", 4),
        ],
    };
    hub.put("painter/wheels", &file, packed);
    made
}
