//! Weights that are no ONNX: what they are, by a look at their first bytes, for a sentence that helps.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file of weights is, in the words of people who share them; None for anything else.
pub fn kind(path: &Path) -> Option<String> {
    let end = path.extension()?.to_string_lossy().to_lowercase();
    Some(match end.as_str() {
        "gguf" => "a GGUF file, which is for other programs".into(),
        "ckpt" | "pt" | "pth" | "bin" => "a PyTorch checkpoint".into(),
        "safetensors" => match header(path) {
            Some(header) => format!("{} (safetensors)", of_tensors(&header)),
            None => "a safetensors file that is damaged or only half downloaded".into(),
        },
        _ => return None,
    })
}

/// Can it be made into an ONNX folder by exporting?
pub fn can_be_exported(kind: &str) -> bool {
    !["LoRA", "ControlNet", "textual inversion", "damaged"].iter().any(|what| kind.contains(what))
}

/// The JSON that a safetensors file begins with, as text: names of tensors are looked for in it.
fn header(path: &Path) -> Option<String> {
    // Checkpoints have some thousand tensors, half a megabyte of names.
    const MOST: u64 = 32 << 20;
    let mut file = File::open(path).ok()?;
    let mut length = [0u8; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > MOST || length > file.metadata().ok()?.len() {
        return None;
    }
    let mut text = String::new();
    file.take(length).read_to_string(&mut text).ok()?;
    (text.len() as u64 == length && text.starts_with('{')).then_some(text)
}

fn of_tensors(header: &str) -> &'static str {
    let has = |part: &str| header.contains(part);
    // The first that fits: a LoRA has the names of the model that it changes.
    match () {
        () if has("lora_unet") || has("lora_A") || has("lora_down") || has("lora_te") => "a LoRA",
        () if has("emb_params") || has("\"clip_l\"") => "a textual inversion",
        () if has("control_model.") || has("controlnet") || has("zero_convs") => "a ControlNet",
        () if has("conditioner.embedders.1") => "a checkpoint of Stable Diffusion XL",
        () if has("joint_blocks.") => "a checkpoint of Stable Diffusion 3",
        () if has("double_blocks.") => "a checkpoint of FLUX",
        () if has("model.diffusion_model.") => "a checkpoint of Stable Diffusion",
        () if has("first_stage_model.") || has("decoder.conv_in") => "an autoencoder",
        () if has("down_blocks.") => "a U-Net of diffusers",
        () => "weights of an unknown kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_told_by_the_names_in_them() {
        let folder = std::env::temp_dir().join(format!("scumble-checkpoint-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.safetensors");
        for (names, what) in [
            ("lora_unet_down_blocks_0_attn.lora_down.weight", "a LoRA"),
            ("conditioner.embedders.1.model.ln_final.bias", "Stable Diffusion XL"),
            ("model.diffusion_model.input_blocks.0.0.weight", "a checkpoint of Stable Diffusion ("),
            ("double_blocks.0.img_attn.proj.bias", "FLUX"),
            ("emb_params", "textual inversion"),
            ("something", "unknown"),
        ] {
            let header =
                format!("{{\"{names}\": {{\"dtype\": \"F16\", \"shape\": [0], \"data_offsets\": [0, 0]}}}}");
            let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
            std::fs::write(&path, &bytes).unwrap();
            assert!(kind(&path).unwrap().contains(what), "{names}: {:?}", kind(&path));
            std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
            assert!(kind(&path).unwrap().contains("damaged"));
        }
        // A length that would be all memory.
        std::fs::write(&path, [0xff; 64]).unwrap();
        assert!(kind(&path).unwrap().contains("damaged"));
        assert!(kind(Path::new("a.GGUF")).unwrap().contains("GGUF") && kind(Path::new("a.txt")).is_none());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
