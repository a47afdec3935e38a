//! Which of a text encoder's outputs a model looks at.

use crate::error::Result;
use crate::models::component::Component;

/// What a model looks at of what its text encoder makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// The last state.
    Last,
    /// SDXL, SD 3: the last state but one.
    LastButOne,
    /// The last state but one, and all of the prompt in one vector.
    LastButOneAndPooled,
    /// FLUX's CLIP: all of the prompt in one vector (and the last state, which is not looked at).
    LastAndPooled,
    /// FLUX.2: these states side by side, the embedding being 0; or what the export makes of them itself.
    States([u32; 3]),
}

impl Taking {
    /// The outputs of a text encoder whose numbers stand side by side, and the one with all of the prompt in one vector.
    ///
    /// # Errors
    /// [`crate::error::Status::ModelUnsupported`] without such outputs.
    pub fn outputs(self, network: &Component) -> Result<(Vec<String>, Option<String>)> {
        let states = match self {
            Taking::Last | Taking::LastAndPooled => {
                vec![network.output(&["last_hidden_state"], 3)?.name.clone()]
            }
            Taking::States(numbers) => states(network, numbers)?,
            Taking::LastButOne | Taking::LastButOneAndPooled => vec![last_but_one(network)?],
        };
        let pooled = match self {
            Taking::LastButOneAndPooled => Some(network.output(&["text_embeds"], 2)?.name.clone()),
            Taking::LastAndPooled => {
                Some(network.output(&["pooler_output", "pooled_embeddings"], 2)?.name.clone())
            }
            _ => None,
        };
        Ok((states, pooled))
    }
}

/// The outputs with the states of these numbers, or the one that has them side by side.
fn states(network: &Component, numbers: [u32; 3]) -> Result<Vec<String>> {
    const TOGETHER: &str = "prompt_embeds";
    let has = |name: &str| network.outputs().iter().any(|port| port.name == name);
    if has(TOGETHER) {
        return Ok(vec![TOGETHER.into()]);
    }
    let found: Option<Vec<String>> = numbers
        .into_iter()
        .map(|number| {
            ['.', '_'].map(|dot| format!("hidden_states{dot}{number}")).into_iter().find(|n| has(n))
        })
        .collect();
    found.ok_or_else(|| {
        network.unsupported(&format!(
            "this kind of model looks at its hidden states {numbers:?}, and it has no outputs like hidden_states.{}, \
             nor {TOGETHER}",
            numbers[0]
        ))
    })
}

/// The output with the state before the last: exporters number them, the embedding being 0, or have it alone.
pub fn last_but_one(network: &Component) -> Result<String> {
    const ALONE: [&str; 2] = ["encoder_hidden_state", "encoder_hidden_states"];
    if let Some(port) = network.outputs().iter().find(|port| ALONE.contains(&port.name.as_str())) {
        return Ok(port.name.clone());
    }
    let number = |name: &str| name.strip_prefix("hidden_states")?.trim_start_matches(['.', '_']).parse().ok();
    let mut states: Vec<(u32, &str)> =
        network.outputs().iter().filter_map(|port| Some((number(&port.name)?, port.name.as_str()))).collect();
    states.sort_unstable();
    match states.as_slice() {
        [.., (_, wanted), _] => Ok((*wanted).to_owned()),
        _ => Err(network.unsupported(
            "this kind of model looks at its last hidden state but one, and it has no outputs like hidden_states.11",
        )),
    }
}
