//! `scumble models check`: what is here against what arrived, the catalogue against the hub.

use scumble_hub::catalogue::Catalogue;
use scumble_hub::fetch::Item;
use scumble_hub::plan::{self, Plan};
use scumble_hub::settings::Settings;
use scumble_hub::space::size;
use scumble_hub::watch::Watch;
use scumble_hub::web::Web;
use scumble_hub::{Fault, Kind};
use serde::Serialize;

use super::args::CheckArgs;
use crate::failure::{Done, Failure, say};
use crate::progress;

#[derive(Serialize)]
struct Checked {
    id: String,
    /// Is it here, or only at the hub?
    here: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wrong: Vec<String>,
    /// What the hub tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Item>,
    #[serde(skip)]
    said: String,
}

pub fn run(args: &CheckArgs) -> Done {
    let catalogue = Catalogue::own()?;
    let stores = super::stores()?;
    let mut checked = Vec::new();
    let here: Vec<_> = match &args.model {
        Some(text) => {
            let named = stores.named(&catalogue, text).into_iter();
            named.filter_map(|(store, id)| Some((store, store.find(&id)?))).collect()
        }
        None => {
            let both = [&stores.models, &stores.annotators].into_iter();
            both.flat_map(|store| store.installed().into_iter().map(move |model| (store, model))).collect()
        }
    };
    for (store, model) in here {
        let watch = Watch::new();
        let wrong = super::shown(&watch, || store.check(&model.id, &watch))?;
        let said =
            format!("{}: {} files, {}, whole", model.id, model.receipt.files.len(), size(model.bytes()));
        checked.push(Checked { id: model.id, here: true, wrong, revision: None, files: Vec::new(), said });
    }
    let only_here = args.offline || (args.model.is_some() && !checked.is_empty());
    if let Some(text) = args.model.as_deref().filter(|_| args.offline && checked.is_empty()) {
        return Err(Failure::failed(format!(
            "There is no model \"{text}\" here; without --offline the hub is asked."
        )));
    }
    let mut offline = None;
    if !only_here {
        let settings = Settings::from_environment()?;
        let asked: Vec<&str> = match &args.model {
            Some(text) => vec![text.as_str()],
            None => catalogue.entries().map(|entry| entry.id.as_str()).collect(),
        };
        for text in asked {
            let web = Web::new(settings.clone(), &Watch::new());
            let asking = progress::spinner("asking");
            asking.set_message(text.to_owned());
            let plan = plan::plan(&web, &catalogue, text, None, None);
            asking.finish_and_clear();
            checked.push(match plan {
                Ok(plan) => of_plan(plan),
                // The next one would be tried as long, and in vain.
                Err(fault) if fault.kind == Kind::Network => {
                    offline = Some(fault);
                    break;
                }
                Err(fault) => Checked {
                    id: text.to_owned(),
                    here: false,
                    wrong: vec![fault.message.trim_end_matches('.').to_owned()],
                    revision: None,
                    files: Vec::new(),
                    said: String::new(),
                },
            });
        }
    }
    tell(&checked, args.json, offline)
}

fn of_plan(plan: Plan) -> Checked {
    let lacks = plan.lacks.iter().map(|part| format!("{} has no {part}", plan.repository));
    let bytes = plan.bytes().map_or_else(|| "of unknown size".to_owned(), size);
    let said = format!("{}: at the hub, {} files, {bytes}", plan.id, plan.items.len());
    Checked {
        wrong: lacks.collect(),
        here: false,
        revision: Some(plan.revision),
        files: plan.items,
        id: plan.id,
        said,
    }
}

/// `offline`: why the rest could not be asked for.
fn tell(checked: &[Checked], json: bool, offline: Option<Fault>) -> Done {
    if json {
        say(&serde_json::to_string_pretty(checked).map_err(|why| Failure::failed(why.to_string()))?)?;
    } else if checked.is_empty() && offline.is_none() {
        say("There is nothing to check: no model was got with `scumble models pull`.")?;
    } else {
        for model in checked {
            match model.wrong.as_slice() {
                [] => say(&model.said)?,
                wrong => wrong.iter().try_for_each(|what| say(&format!("{}: {what}.", model.id)))?,
            }
        }
    }
    let bad =
        |here: bool| checked.iter().filter(|model| model.here == here && !model.wrong.is_empty()).count();
    match (bad(true), bad(false), offline) {
        (0, _, Some(fault)) => Err(fault.into()),
        (0, 0, None) => Ok(()),
        (0, asked, None) => {
            Err(Failure::failed(format!("{asked} of the models asked for cannot be got as they should.")))
        }
        (here, ..) => Err(Failure::failed(format!(
            "{here} of the models here are damaged; `scumble models pull NAME --again` mends one."
        ))),
    }
}
