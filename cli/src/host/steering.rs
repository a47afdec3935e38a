//! What steers a layer, besides paint and settings.

use scumble::ffi::constants::*;
use scumble::ffi::*;

use super::values::*;
use super::{Answer, Layer, Text, check, image, init, revision, string};

impl Layer {
    /// Steers by a control picture of the whole canvas, or by one that has none of its own.
    pub fn set_control(
        &mut self,
        number: u32,
        control: &Control<'_>,
        picture: Option<Canvas<'_>>,
    ) -> Answer<Option<u64>> {
        let model = Text::path(Some(control.model), "folder of the ControlNet")?;
        let mut given = init(scumble_condition_init)?;
        given.kind = SCUMBLE_CONDITION_CONTROL;
        given.file = model.pointer();
        given.scale = control.scale;
        (given.start, given.end) = (control.steps.start, control.steps.end);
        given.prepare = control.prepare as u32;
        let image = picture.map(image).transpose()?;
        let image = image.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: condition, string, image and pixels live until after the call.
        revision(|out| unsafe { scumble_session_set_condition(self.0, number, &given, image, out) })
    }

    /// Lets other words hold where a picture of the whole canvas is white.
    pub fn set_region(
        &mut self,
        number: u32,
        region: &Region<'_>,
        picture: Canvas<'_>,
    ) -> Answer<Option<u64>> {
        let prompt = Text::new(Some(region.prompt), "the region's prompt")?;
        let mut given = init(scumble_condition_init)?;
        given.kind = SCUMBLE_CONDITION_REGION;
        given.prompt = prompt.pointer();
        (given.scale, given.rank) = (region.weight, region.rank);
        (given.start, given.end) = (region.steps.start, region.steps.end);
        let image = image(picture)?;
        // SAFETY: condition, string, image and pixels live until after the call.
        revision(|out| unsafe { scumble_session_set_condition(self.0, number, &given, &image, out) })
    }

    /// Lets the picture take after another, of any size.
    pub fn set_reference(
        &mut self,
        number: u32,
        reference: &Reference,
        picture: Canvas<'_>,
    ) -> Answer<Option<u64>> {
        let mut given = init(scumble_condition_init)?;
        (given.kind, given.scale) = (SCUMBLE_CONDITION_REFERENCE, reference.scale);
        given.aspect = reference.aspect as u32;
        (given.start, given.end) = (reference.steps.start, reference.steps.end);
        let image = image(picture)?;
        // SAFETY: condition, image and pixels live until after the call.
        revision(|out| unsafe { scumble_session_set_condition(self.0, number, &given, &image, out) })
    }

    /// Adds a LoRA to the model.
    pub fn set_lora(&mut self, number: u32, lora: &Lora<'_>) -> Answer<Option<u64>> {
        let file = Text::path(Some(lora.file), "LoRA")?;
        let mut given = init(scumble_condition_init)?;
        given.kind = SCUMBLE_CONDITION_LORA;
        given.file = file.pointer();
        (given.scale, given.text_scale) = (lora.scale, lora.text);
        (given.start, given.end) = (lora.steps.start, lora.steps.end);
        // SAFETY: condition and string live until after the call.
        revision(|out| unsafe {
            scumble_session_set_condition(self.0, number, &given, std::ptr::null(), out)
        })
    }

    /// Why what steers says nothing, as far as the frames that came tell: a sentence each.
    pub fn silent(&mut self) -> Answer<Vec<String>> {
        let (mut list, mut said) = (std::ptr::null_mut(), Vec::new());
        // SAFETY: no pointers but the session's own and the list's place.
        check(unsafe { scumble_session_conditions(self.0, &mut list) })?;
        let told = (0..).find_map(|index| {
            let mut entry = match init(scumble_entry_init) {
                Ok(entry) => entry,
                Err(fault) => return Some(Err(fault)),
            };
            // SAFETY: a list that was just handed out, and an entry that was initialised.
            match check(unsafe { scumble_list_entry(list, index, &mut entry) }) {
                Ok(SCUMBLE_OK) if entry.usable == 0 => said.push(string(entry.note)),
                Ok(SCUMBLE_OK) => {}
                Ok(_) => return Some(Ok(())),
                Err(fault) => return Some(Err(fault)),
            }
            None
        });
        // SAFETY: handed out above, released once.
        unsafe { scumble_list_release(list) };
        told.unwrap_or(Ok(())).map(|()| said)
    }
}
