//! What can be asked for with `scumble models` and `scumble runtime`.

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  scumble models list
      what there is, how large, under which licence, what runs well here
  scumble models pull sdxs
      shows the licence, asks, and gets it; a cut download goes on where it ended
  scumble models pull depth-anything-v2-small
      an annotator: a network that makes control pictures (--control NET=depth:PICTURE)
  scumble models pull OWNER/NAME --yes
      any repository of the hub that has a model in ONNX form, without asking
  scumble render --model sdxs ...
      a model that was got, by its name

HF_ENDPOINT (a mirror), HF_TOKEN (an access token), HF_HOME and HF_HUB_CACHE (what the hub's own tools have loaded) are
honoured. Models lie in the user's data folder, in scumble/models, annotators in scumble/annotators.";

/// Get models and annotators: list, pull, check, remove
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Subcommand)]
pub enum What {
    List(ListArgs),
    Pull(PullArgs),
    Check(CheckArgs),
    Remove(RemoveArgs),
}

/// Tell which models can be got and which are here
#[derive(Args)]
pub struct ListArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Get a model: out of the catalogue, or any repository
#[derive(Args)]
pub struct PullArgs {
    /// Identifier from `scumble models list`, or OWNER/NAME of a repository
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// Agree to the licence without being asked
    #[arg(short, long)]
    pub yes: bool,
    /// Compare a model that is here with what was published, and get anew what is wrong
    #[arg(long)]
    pub again: bool,
    /// Get it even if parts are missing, which another folder may have (`parts` in scumble.json)
    #[arg(long)]
    pub anyway: bool,
    /// Of a repository with several: fp32, fp16, int8, uint8, quantized, q4 or q4f16 [default: the most exact]
    #[arg(long, value_name = "NAME", value_parser = ["fp32", "fp16", "f16", "int8", "uint8", "quantized", "q4", "q4f16"])]
    pub precision: Option<String>,
    /// Branch, tag or commit of a repository [default: main]
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
}

/// Compare what is here with what was published, and the catalogue with the hub
#[derive(Args)]
#[command(after_help = "Exit code 1 if anything is not as it should be.")]
pub struct CheckArgs {
    /// One model, by its name or OWNER/NAME [default: all that are here, and the catalogue]
    #[arg(value_name = "MODEL")]
    pub model: Option<String>,
    /// Ask nobody: look only at what is here
    #[arg(long)]
    pub offline: bool,
    /// Print as JSON, with the revisions, sizes and hashes that the hub tells
    #[arg(long)]
    pub json: bool,
}

/// Remove a model that was got, and what has arrived of it
#[derive(Args)]
pub struct RemoveArgs {
    /// Its name, or OWNER/NAME of the repository that it is from
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// Remove it without being asked; not where something was put there or changed since it arrived
    #[arg(short, long)]
    pub yes: bool,
    /// Remove that, too: embeddings, networks, a changed scumble.json
    #[arg(long)]
    pub own_files: bool,
}

/// Get ONNX Runtime, which runs the models: list, install, remove
#[derive(Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
The official packages, of one version each, compared by hash; the libraries come into the user's data folder, in
scumble/runtime, where the engine looks before the system's. One build lies there at a time. Programs that run go on with
the one that they have; start them anew.")]
pub struct RuntimeArgs {
    #[command(subcommand)]
    pub what: RuntimeWhat,
}

#[derive(Subcommand)]
pub enum RuntimeWhat {
    /// Tell which builds there are for this machine, and which is here
    List,
    /// Get a build, in the place of the one that is here
    Install {
        /// Name from `scumble runtime list`
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove the build that is here; the system's, if there is one, is used then
    Remove,
}
