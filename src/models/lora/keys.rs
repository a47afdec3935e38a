//! How people name the parts of a LoRA.
//!
//! Modules go by diffusers' path with underscores for dots: kohya's names have no dots, and so nobody can tell which of the
//! underscores were some.

use super::Part;

/// What a tensor is to its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Down,
    Up,
    /// Between the two (LoCon).
    Middle,
    Alpha,
}

const ENDINGS: [(&str, Role); 10] = [
    // kohya's sd-scripts, LyCORIS.
    (".lora_down.weight", Role::Down),
    (".lora_up.weight", Role::Up),
    (".lora_mid.weight", Role::Middle),
    (".alpha", Role::Alpha),
    // PEFT, and diffusers with it.
    (".lora_A.weight", Role::Down),
    (".lora_B.weight", Role::Up),
    (".lora_A.default.weight", Role::Down),
    (".lora_B.default.weight", Role::Up),
    // diffusers before PEFT.
    (".lora.down.weight", Role::Down),
    (".lora.up.weight", Role::Up),
];

const PREFIXES: [(&str, Part); 7] = [
    ("lora_unet_", Part::Unet),
    ("lora_te1_", Part::Text),
    ("lora_te2_", Part::Text2),
    ("lora_te_", Part::Text),
    ("unet.", Part::Unet),
    ("text_encoder_2.", Part::Text2),
    ("text_encoder.", Part::Text),
];

/// A tensor's name, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Key<'a> {
    pub part: Part,
    /// As the file names it, without what it is to its module.
    pub module: &'a str,
    /// diffusers' path, with dots where the file has some.
    pub path: String,
    pub role: Role,
}

/// `layers` are the U-Net's `layers_per_block`. `None` for a name that is nobody's.
pub fn key(name: &str, layers: usize) -> Option<Key<'_>> {
    let (module, role) =
        ENDINGS.iter().find_map(|(ending, role)| Some((name.strip_suffix(ending)?, *role)))?;
    let (prefix, part) = PREFIXES.iter().find(|(prefix, _)| module.starts_with(prefix))?;
    let path = &module[prefix.len()..];
    let path = path.strip_prefix("base_model.model.").unwrap_or(path);
    let path = match *prefix {
        "lora_unet_" => in_order_of_blocks(path, layers).unwrap_or_else(|| path.to_owned()),
        _ => path.to_owned(),
    };
    (!path.is_empty()).then_some(Key { part: *part, module, path, role })
}

/// Adapters that are no LoRA, by a name in them.
pub fn other_kind(name: &str) -> Option<&'static str> {
    let has = |part: &str| name.contains(part);
    match () {
        () if has("dora_scale") || has("lora_magnitude_vector") => Some("DoRA"),
        () if has("hada_w") => Some("LoHa"),
        () if has("lokr_w") => Some("LoKr"),
        () if has(".oft_") => Some("OFT"),
        () if name.ends_with(".diff") || name.ends_with(".diff_b") => Some("full difference of weights"),
        () => None,
    }
}

/// A module of the U-Net by the names of its makers (`input_blocks_4_1_…`), which SDXL's LoRAs have: blocks are counted
/// through, all of a side in one row.
fn in_order_of_blocks(module: &str, layers: usize) -> Option<String> {
    const WHOLE: [(&str, &str); 8] = [
        ("input_blocks_0_0", "conv_in"),
        ("out_2", "conv_out"),
        ("time_embed_0", "time_embedding_linear_1"),
        ("time_embed_2", "time_embedding_linear_2"),
        ("label_emb_0_0", "add_embedding_linear_1"),
        ("label_emb_0_2", "add_embedding_linear_2"),
        ("middle_block_1", "mid_block_attentions_0"),
        ("middle_block_2", "mid_block_resnets_1"),
    ];
    const INSIDE: [(&str, &str); 4] = [
        ("in_layers_2", "conv1"),
        ("out_layers_3", "conv2"),
        ("emb_layers_1", "time_emb_proj"),
        ("skip_connection", "conv_shortcut"),
    ];
    let same = |pairs: &[(&str, &str)], name: &str| {
        pairs.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| (*ours).to_owned())
    };
    if let Some(ours) = same(&WHOLE, module) {
        return Some(ours);
    }
    let inside = |rest: &str| same(&INSIDE, rest).unwrap_or_else(|| rest.to_owned());
    let parts: Vec<&str> = module.split('_').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok());
    let from = |at: usize| parts.get(at..).unwrap_or_default().join("_");
    // After the last of a level comes what halves or doubles it.
    let per_level = layers.checked_add(1)?;
    Some(match parts.as_slice() {
        ["input", "blocks", ..] => {
            let (i, j, rest) = (number(2)?.checked_sub(1)?, number(3)?, from(4));
            let (level, index) = (i / per_level, i % per_level);
            match j {
                0 if rest == "op" => format!("down_blocks_{level}_downsamplers_0_conv"),
                0 => format!("down_blocks_{level}_resnets_{index}_{}", inside(&rest)),
                _ => format!("down_blocks_{level}_attentions_{index}_{rest}"),
            }
        }
        ["middle", "block", ..] => match (number(2)?, from(3)) {
            (0, rest) => format!("mid_block_resnets_0_{}", inside(&rest)),
            (1, rest) => format!("mid_block_attentions_0_{rest}"),
            (_, rest) => format!("mid_block_resnets_1_{}", inside(&rest)),
        },
        ["output", "blocks", ..] => {
            let (i, j, rest) = (number(2)?, number(3)?, from(4));
            let (level, index) = (i / per_level, i % per_level);
            match j {
                0 => format!("up_blocks_{level}_resnets_{index}_{}", inside(&rest)),
                _ if rest == "conv" => format!("up_blocks_{level}_upsamplers_0_conv"),
                _ => format!("up_blocks_{level}_attentions_{index}_{rest}"),
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_styles_lead_to_diffusers_paths() {
        use Part::{Text, Text2, Unet};
        use Role::{Alpha, Down, Middle, Up};
        for (name, part, path, role) in [
            (
                "lora_unet_down_blocks_0_attentions_1_proj_in.lora_down.weight",
                Unet,
                "down_blocks_0_attentions_1_proj_in",
                Down,
            ),
            (
                "lora_unet_mid_block_resnets_0_conv1.lora_mid.weight",
                Unet,
                "mid_block_resnets_0_conv1",
                Middle,
            ),
            (
                "lora_te_text_model_encoder_layers_3_mlp_fc1.alpha",
                Text,
                "text_model_encoder_layers_3_mlp_fc1",
                Alpha,
            ),
            ("lora_te1_a.lora_up.weight", Text, "a", Up),
            ("lora_te2_a.lora_up.weight", Text2, "a", Up),
            ("unet.up_blocks.1.attn1.to_q.lora_A.weight", Unet, "up_blocks.1.attn1.to_q", Down),
            ("unet.base_model.model.conv_in.lora_B.default.weight", Unet, "conv_in", Up),
            ("text_encoder_2.a.b.lora.down.weight", Text2, "a.b", Down),
            ("text_encoder.a.b.lora_B.weight", Text, "a.b", Up),
            (
                "lora_unet_input_blocks_1_0_emb_layers_1.alpha",
                Unet,
                "down_blocks_0_resnets_0_time_emb_proj",
                Alpha,
            ),
            ("lora_unet_input_blocks_3_0_op.alpha", Unet, "down_blocks_0_downsamplers_0_conv", Alpha),
            (
                "lora_unet_input_blocks_8_1_transformer_blocks_9_attn1_to_out_0.alpha",
                Unet,
                "down_blocks_2_attentions_1_transformer_blocks_9_attn1_to_out_0",
                Alpha,
            ),
            ("lora_unet_middle_block_1_proj_in.alpha", Unet, "mid_block_attentions_0_proj_in", Alpha),
            ("lora_unet_middle_block_2_out_layers_3.alpha", Unet, "mid_block_resnets_1_conv2", Alpha),
            ("lora_unet_output_blocks_5_2_conv.alpha", Unet, "up_blocks_1_upsamplers_0_conv", Alpha),
            (
                "lora_unet_output_blocks_3_0_skip_connection.alpha",
                Unet,
                "up_blocks_1_resnets_0_conv_shortcut",
                Alpha,
            ),
            ("lora_unet_label_emb_0_2.alpha", Unet, "add_embedding_linear_2", Alpha),
        ] {
            let key = key(name, 2).expect(name);
            assert_eq!((key.part, key.path.as_str(), key.role), (part, path, role), "{name}");
            assert!(name.starts_with(key.module));
        }
        for strange in
            ["", "lora_unet_", "unet..alpha", "transformer.a.lora_A.weight", "lora_unet_a.weight", "alpha"]
        {
            assert!(key(strange, 2).is_none_or(|key| key.path == "."), "{strange}");
        }
        for module in
            ["input_blocks_0_5", "input_blocks_99999999999999999999_0", "output_blocks", "input_blocks_x"]
        {
            assert_eq!(in_order_of_blocks(module, 2), None, "{module}");
        }
        assert_eq!(in_order_of_blocks("output_blocks_1_0", usize::MAX), None);
        assert_eq!(other_kind("lora_unet_a.hada_w1_a"), Some("LoHa"));
        assert_eq!(other_kind("lora_unet_a.alpha"), None);
    }
}
