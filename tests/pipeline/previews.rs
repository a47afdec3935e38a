//! A small decoder of its own for pictures before the last step.

use scumble::cancel::Cancel;
use scumble::error::Status;
use scumble::pipeline::Pipeline;
use scumble::render::{Ended, Picture, Policy, Previews};
use serde_json::json;

use crate::onnx;
use crate::support::*;

/// Puts another model's decoder, which makes other pictures of the same latents, into a part of tiny SD 1.5.
fn put_other(model: &Scratch, part: &str) {
    std::fs::create_dir_all(model.0.join(part)).unwrap();
    model.copy("vae_encoder/config.json", &format!("{part}/config.json"));
    std::fs::copy(tiny("sd2").join("vae_decoder/model.onnx"), model.0.join(part).join("model.onnx")).unwrap();
}

fn with_preview(name: &str) -> Scratch {
    let model = Scratch::copy_of("sd15", name);
    put_other(&model, "preview_decoder");
    model
}

/// Pictures after each step.
fn steps(pipeline: &mut Pipeline) -> Vec<Picture> {
    let picture = grey(64, 48);
    let ask = Request { previews: Previews::EachStep, ..request(&picture) };
    let made = ask.run(pipeline, &Policy::default(), &Cancel::new()).unwrap();
    assert_eq!(made.ended, Ended::Finished);
    made.patches.into_iter().map(|patch| patch.picture).collect()
}

#[test]
fn pictures_before_the_last_step_are_its_and_the_last_is_the_models_own() {
    let own = steps(&mut load(&tiny("sd15")).unwrap());
    // What such a decoder makes in the own one's place.
    let other = Scratch::copy_of("sd15", "preview-alone");
    put_other(&other, "vae_decoder");
    let other_steps = steps(&mut load(&other.0).unwrap());
    assert!(own.len() == 4 && own[..3] != other_steps[..3] && own[3] != other_steps[3]);
    let expected: Vec<&Picture> = other_steps[..3].iter().chain(&own[3..]).collect();

    let model = with_preview("preview");
    assert_eq!(steps(&mut load(&model.0).unwrap()).iter().collect::<Vec<_>>(), expected);
    // The same out of another folder.
    model.remove("preview_decoder");
    let place = json!({"parts": {"preview_decoder": other.0.join("vae_decoder")}});
    model.write("scumble.json", place.to_string());
    assert_eq!(steps(&mut load(&model.0).unwrap()).iter().collect::<Vec<_>>(), expected);
    // Its numbers are its own; without any it is a tiny autoencoder's, whose latents are noise's as they are.
    other.set("vae_decoder/config.json", "scaling_factor", json!(1.0));
    let unscaled = steps(&mut load(&model.0).unwrap());
    assert!(unscaled[3] == own[3] && unscaled[0] != own[0] && unscaled[0] != other_steps[0]);
    other.remove("vae_decoder/config.json");
    assert!(steps(&mut load(&model.0).unwrap()) == unscaled);
}

#[test]
fn one_that_is_not_the_models_says_so() {
    use Status::{ModelBroken, ModelMissing, ModelUnsupported};
    const NETWORK: &str = "preview_decoder/model.onnx";
    /// A network that hands on what it gets, of a latent and a picture of these shapes.
    fn alike(latent: &[u64], picture: &[u64]) -> Vec<u8> {
        let port = onnx::Port("latent_sample", onnx::FLOAT, latent);
        onnx::model(&[port], &onnx::Port("sample", onnx::FLOAT, picture), ("", "Identity"), &[])
    }
    let damages: [Damage; 7] = [
        (
            "sixteen channels, as it says",
            |m| m.set("preview_decoder/config.json", "latent_channels", json!(16)),
            ModelUnsupported,
            "16 channels",
        ),
        (
            "sixteen channels, as its network says",
            |m| m.write(NETWORK, alike(&[0, 16, 0, 0], &[0, 3, 0, 0])),
            ModelUnsupported,
            "16 channels instead of 4",
        ),
        (
            "smaller cells, as it says",
            |m| m.set("preview_decoder/config.json", "block_out_channels", json!([4, 8, 8])),
            ModelUnsupported,
            "4 pixels",
        ),
        (
            "smaller cells",
            |m| {
                std::fs::copy(tiny("lcm").join("vae_decoder/model.onnx"), m.0.join(NETWORK)).unwrap();
            },
            ModelUnsupported,
            "8 × 8 pixels of 2 × 2 cells",
        ),
        (
            "one size alone",
            |m| m.write(NETWORK, alike(&[1, 4, 64, 64], &[1, 3, 512, 512])),
            ModelUnsupported,
            "one size alone",
        ),
        ("half a file", |m| m.write(NETWORK, "half"), ModelBroken, "preview_decoder"),
        (
            "none where scumble.json says",
            |m| m.write("scumble.json", json!({"parts": {"preview_decoder": "../nowhere"}}).to_string()),
            ModelMissing,
            "preview_decoder",
        ),
    ];
    for (name, damage, status, names) in &damages {
        let model = with_preview("preview-damaged");
        damage(&model);
        let error = load(&model.0).err().unwrap_or_else(|| panic!("{name}: it loads"));
        assert_eq!(error.status, *status, "{name}: {error}");
        assert!(error.message.contains(names) && error.message.ends_with('.'), "{name}: {error}");
    }
}
