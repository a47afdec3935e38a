//! Profiles that are not read again with each push.

use parking_lot::Mutex;

use super::Space;
use crate::error::Result;

/// The profiles that were asked for last, the newest first: a host hands the same bytes over with each push, and may have
/// pictures that steer in other spaces than its paint.
#[derive(Default)]
pub struct LastProfiles(Mutex<Vec<(Box<[u8]>, Space)>>);

impl LastProfiles {
    /// So many are remembered.
    const FEW: usize = 4;

    /// # Errors
    /// As [`Space::from_profile`].
    pub fn space(&self, profile: &[u8]) -> Result<Space> {
        let mut last = self.0.lock();
        match last.iter().position(|(bytes, _)| **bytes == *profile) {
            Some(found) => last[..=found].rotate_right(1),
            None => {
                let space = Space::from_profile(profile)?;
                last.truncate(Self::FEW - 1);
                last.insert(0, (profile.into(), space));
            }
        }
        Ok(last[0].1.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use moxcms::ColorProfile;

    use super::super::Named;
    use super::*;

    fn is_one(a: &Space, b: &Space) -> bool {
        matches!((&a.0, &b.0), (Some(a), Some(b)) if Arc::ptr_eq(a, b))
    }

    #[test]
    fn a_named_space_is_worked_out_once() {
        for named in Named::ALL.into_iter().filter(|named| *named != Named::Srgb) {
            assert!(is_one(&Space::named(named).unwrap(), &Space::named(named).unwrap()), "{named:?}");
            assert!(format!("{:?}", Space::named(named).unwrap()).contains(&format!("{named:?}")));
        }
    }

    #[test]
    fn a_few_profiles_that_take_turns_are_each_read_once() {
        let profiles = [
            ColorProfile::new_adobe_rgb(),
            ColorProfile::new_display_p3(),
            ColorProfile::new_bt2020(),
            ColorProfile::new_pro_photo_rgb(),
            ColorProfile::new_dci_p3(),
        ];
        let profiles = profiles.map(|profile| profile.encode().unwrap());
        let last = LastProfiles::default();
        let few = &profiles[..LastProfiles::FEW];
        let read: Vec<_> = few.iter().map(|bytes| last.space(bytes).unwrap()).collect();
        for _ in 0..3 {
            for (bytes, read) in few.iter().zip(&read) {
                assert!(is_one(&last.space(bytes).unwrap(), read));
            }
        }
        // One more takes the place of the one that was asked for longest ago.
        last.space(&profiles[LastProfiles::FEW]).unwrap();
        assert!(is_one(&last.space(&few[1]).unwrap(), &read[1]));
        assert!(!is_one(&last.space(&few[0]).unwrap(), &read[0]));
        assert!(last.space(b"no profile").is_err() && last.0.lock().len() == LastProfiles::FEW);
    }
}
