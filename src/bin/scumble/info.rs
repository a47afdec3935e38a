//! `scumble info`: what is here, and what is missing.

use crate::args::InfoArgs;
use crate::failure::Done;
use crate::{host, progress};

pub fn run(args: &InfoArgs) -> Done {
    let engine = progress::engine(&args.engine)?;
    let model = progress::load(&engine)?;
    println!("scumble {} (ABI {})", host::version(), host::abi());
    println!("{} {}", model.name, model.description);
    Ok(())
}
