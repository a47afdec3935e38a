//! What steers a session: controls, regions, references and LoRAs.

use super::{Pushed, Session};
use crate::canvas::Canvas;
use crate::conditions::{Control, Lora, Pictured, Region};
use crate::error::Result;
use crate::pixels::ImageView;
use crate::places::anchored;
use crate::region::Rect;

impl Session {
    /// Steers by a control picture, under a `number` that the host chooses: which ControlNet reads it and how much that says;
    /// with `image` also the pixels there of a canvas of `width × height`, transparent at first, which are compared and
    /// copied like paint. It stays until it is cleared or a canvas of another size is pushed. Whether the model takes
    /// controls, and the network fits it, the first job finds out. One for inpainting ([`Prepare::Inpaint`](crate::prepare::Prepare::Inpaint))
    /// has no picture.
    ///
    /// # Errors
    /// As [`Control::check`]; [`Status::Rect`] for a picture of another canvas than the paint's, [`Status::Buffer`] for a
    /// new control without one, [`Status::Setting`] for one too many, [`Status::Memory`].
    pub fn set_control(
        &self,
        number: u32,
        control: Control,
        image: Option<(i32, i32, ImageView<'_>)>,
    ) -> Result<Pushed> {
        self.set_pictured(number, Pictured::Control(control), image)
    }

    /// Lets other words hold in a part of the canvas, under a `number` that the host chooses: where the picture is white,
    /// softly where it is grey; what is transparent is black. `image` as in [`Session::set_control`]. On canvases of the
    /// model's size the picture beyond all regions is the same as without them.
    ///
    /// # Errors
    /// As [`Pictured::check`], and as [`Session::set_control`].
    pub fn set_region(
        &self,
        number: u32,
        region: Region,
        image: Option<(i32, i32, ImageView<'_>)>,
    ) -> Result<Pushed> {
        self.set_pictured(number, Pictured::Region(region), image)
    }

    /// A control, a region or a reference.
    pub(crate) fn set_pictured(
        &self,
        number: u32,
        mut what: Pictured,
        image: Option<(i32, i32, ImageView<'_>)>,
    ) -> Result<Pushed> {
        what.check()?;
        if let Pictured::Control(control) = &mut what {
            control.model = anchored(std::mem::take(&mut control.model));
        }
        let image = match &image {
            Some((width, height, image)) => {
                let bounds = Rect::canvas(*width, *height)?;
                image.rect().check_on(bounds, "condition's picture")?;
                Some((bounds, image))
            }
            None => None,
        };
        let mut desk = self.shared.open_desk()?;
        let canvas = desk.canvas.as_ref().map(Canvas::bounds);
        match desk.conditions.set(number, what, image, canvas)? {
            true => Ok(self.settings_changed(&mut desk)),
            false => Ok(Pushed::Unchanged),
        }
    }

    /// Adds what a LoRA's file has learnt to the model, under a `number` that the host chooses, until it is cleared. Whether
    /// the file can be read and fits the model, the first job finds out, which takes as long as reading the networks again
    /// that it changes; so does each job after a change of it.
    ///
    /// # Errors
    /// As [`Lora::check`]; [`Status::Setting`] for one too many.
    pub fn set_lora(&self, number: u32, mut lora: Lora) -> Result<Pushed> {
        lora.check()?;
        lora.file = anchored(lora.file);
        let mut desk = self.shared.open_desk()?;
        match desk.conditions.set_lora(number, lora)? {
            true => Ok(self.settings_changed(&mut desk)),
            false => Ok(Pushed::Unchanged),
        }
    }

    /// What steers, in the order of the numbers: each with what it is, and why it says nothing though it is on.
    ///
    /// # Errors
    /// Why the session is closed.
    pub fn conditions(&self) -> Result<Vec<(u32, &'static str, Option<&'static str>)>> {
        let desk = self.shared.open_desk()?;
        Ok(desk.conditions.told(desk.mask.is_some()))
    }

    /// Takes away what steers under this number; nothing where there is nothing.
    ///
    /// # Errors
    /// Why the session is closed.
    pub fn clear_condition(&self, number: u32) -> Result<Pushed> {
        let mut desk = self.shared.open_desk()?;
        match desk.conditions.remove(number) {
            true => Ok(self.settings_changed(&mut desk)),
            false => Ok(Pushed::Unchanged),
        }
    }
}
