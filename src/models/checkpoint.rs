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

/// What to do with weights of this kind, so that there is a folder of ONNX networks; None for those that are no model,
/// but a part for one.
pub fn advice(kind: &str) -> Option<String> {
    let is = |whats: &[&str]| whats.iter().any(|what| kind.contains(what));
    if is(&["LoRA", "ControlNet", "textual inversion", "damaged", "autoencoder", "text encoder"]) {
        return None;
    }
    let folder = format!("take the same model as a diffusers folder, and {}", exporting("FOLDER", ""));
    Some(match () {
        () if is(&["GGUF", "PyTorch", "unknown", "of diffusers", "SANA"]) => folder,
        () if is(&["Stable Diffusion 3", "FLUX", "Z-Image"]) => {
            format!(
                "{}, FOLDER being the diffusers folder of the model that it was made from ({}), whose text encoders, \
                 autoencoder and tokenizers are taken",
                exporting("FILE", " --config FOLDER"),
                origin(kind)
            )
        }
        () if is(&["checkpoint"]) => exporting("FILE", ""),
        () => folder,
    })
}

/// Of which models there are diffusers folders with the parts that a transformer needs.
fn origin(kind: &str) -> &'static str {
    match () {
        () if kind.contains("Diffusion 3") => "such as stabilityai/stable-diffusion-3.5-medium or -large",
        () if kind.contains("FLUX.2") => "black-forest-labs/FLUX.2-klein-4B or -9B",
        () if kind.contains("FLUX.1") => "black-forest-labs/FLUX.1-schnell or -dev",
        () => "Tongyi-MAI/Z-Image-Turbo",
    }
}

/// How a model is brought into ONNX form; `more` are options.
pub fn exporting(what: &str, more: &str) -> String {
    format!(
        "export it with `python3 models/export/export.py {what} NEW_FOLDER --precision fp16{more}` of Scumble's source \
         tree (docs/models.md)"
    )
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

fn of_tensors(header: &str) -> String {
    let has = |part: &str| header.contains(part);
    // Fine-tunes of large models are shared without what the model has beside its transformer.
    let whole = ["text_encoders.", "first_stage_model.", "vae."].into_iter().any(has);
    let transformer = |name: &str| match whole {
        true => format!("a checkpoint of {name}"),
        false => format!("the transformer of {name} alone"),
    };
    // The first that fits: a LoRA has the names of the model that it changes.
    let what = match () {
        () if has("lora_unet") || has("lora_A") || has("lora_down") || has("lora_te") => "a LoRA",
        () if has("emb_params") || has("\"clip_l\"") => "a textual inversion",
        () if has("control_model.") || has("controlnet") || has("zero_convs") => "a ControlNet",
        () if has("conditioner.embedders.1") => "a checkpoint of Stable Diffusion XL",
        () if has("joint_blocks.") => return transformer("Stable Diffusion 3"),
        () if has("double_stream_modulation") => return transformer("FLUX.2"),
        () if has("double_blocks.") || has("single_transformer_blocks.") => return transformer("FLUX.1"),
        () if has("cap_pad_token") => return transformer("Z-Image"),
        () if has("conv_inverted") || has("mlp.inverted_conv") => "a checkpoint of SANA",
        () if has("encoder.block.0.layer.") || has("embed_tokens.") => "a text encoder",
        () if has("model.diffusion_model.") => "a checkpoint of Stable Diffusion",
        () if has("first_stage_model.") || has("decoder.conv_in") => "an autoencoder",
        () if has("down_blocks.") => "a U-Net of diffusers",
        () => "weights of an unknown kind",
    };
    what.to_owned()
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
            (
                "model.diffusion_model.joint_blocks.0.x_block.mlp.fc1.bias",
                "the transformer of Stable Diffusion 3 alone",
            ),
            (
                "joint_blocks.0.x_block.mlp.fc1.bias, text_encoders.clip_l.logit_scale",
                "a checkpoint of Stable Diffusion 3",
            ),
            ("double_blocks.0.img_attn.proj.bias", "the transformer of FLUX.1 alone"),
            ("single_transformer_blocks.0.proj_out.weight", "the transformer of FLUX.1 alone"),
            ("double_stream_modulation_img.lin.weight", "the transformer of FLUX.2 alone"),
            ("model.diffusion_model.cap_pad_token", "the transformer of Z-Image alone"),
            ("transformer_blocks.0.ff.conv_inverted.weight", "SANA"),
            ("encoder.block.0.layer.0.SelfAttention.k.weight", "a text encoder"),
            ("emb_params", "textual inversion"),
            ("something", "unknown"),
        ] {
            let header =
                format!("{{\"{names}\": {{\"dtype\": \"F16\", \"shape\": [0], \"data_offsets\": [0, 0]}}}}");
            let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
            std::fs::write(&path, &bytes).unwrap();
            let found = kind(&path).unwrap();
            assert!(found.contains(what), "{names}: {found}");
            let wanted = ["checkpoint", "transformer", "unknown"].iter().any(|model| found.contains(model));
            assert_eq!(advice(&found).is_some(), wanted, "{found}");
            let parts = ["Diffusion 3", "FLUX", "Z-Image"].iter().any(|family| found.contains(family));
            assert_eq!(advice(&found).is_some_and(|told| told.contains("--config")), parts, "{found}");
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
