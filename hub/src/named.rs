//! What somebody means by a model's name: its identifier in the catalogue, its folder's name, or OWNER/NAME, in whatever
//! capitals.

use crate::catalogue::Catalogue;
use crate::choose;
use crate::fault::Result;
use crate::names;
use crate::plan::{self, Plan};
use crate::store::{Store, Stores, is_same_repository};
use crate::web::Web;

impl Stores {
    /// Where what is meant lies, whole or begun, and its names there: several where the catalogue takes more than one thing
    /// from the repository that is named.
    pub fn named(&self, catalogue: &Catalogue, text: &str) -> Vec<(&Store, String)> {
        let stores = [&self.models, &self.annotators].into_iter();
        stores.flat_map(|store| store.named(catalogue, text).into_iter().map(move |id| (store, id))).collect()
    }
}

impl Store {
    /// Those of [`Stores::named`] that lie here.
    fn named(&self, catalogue: &Catalogue, text: &str) -> Vec<String> {
        let entry = catalogue.find(text).map(|entry| entry.id.clone());
        let is_here = |id: &String| self.find(id).is_some() || self.begun(id) > 0;
        if let Some(id) = entry.into_iter().chain([text.trim().to_owned()]).find(is_here) {
            return vec![id];
        }
        let Ok(repository) = names::repository(text) else { return Vec::new() };
        let is_its =
            |id: &String| self.repository(id).is_some_and(|other| is_same_repository(&other, &repository));
        self.ids().into_iter().filter(is_its).collect()
    }

    /// What is got when `text` is asked for: what [`plan::plan`] takes it for, or what was got from outside the catalogue
    /// and is called so here, then in the precision that is here unless another is asked for.
    ///
    /// # Errors
    /// As [`plan::plan`].
    pub fn plan(
        &self,
        web: &Web,
        catalogue: &Catalogue,
        text: &str,
        revision: Option<&str>,
        precision: Option<&str>,
    ) -> Result<Plan> {
        let of = |id: &String| Some((id.clone(), names::repository(&self.repository(id)?).ok()?));
        let is_known = catalogue.find(text).is_some();
        let here = if is_known { None } else { self.named(catalogue, text).iter().find_map(of) };
        match here {
            // Also where the catalogue has something else of that repository.
            Some((id, repository)) => {
                let kept = self.find(&id).map(|installed| installed.receipt.files).unwrap_or_default();
                let own = choose::precision_among(kept.iter().map(|file| file.path.as_str()));
                let (revision, precision) = (revision.unwrap_or("main"), precision.or(own));
                plan::of_repository(web, catalogue, &repository, revision, precision)
            }
            None => plan::plan(web, catalogue, text, revision, precision),
        }
    }
}
