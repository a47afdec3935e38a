//! Work of other crates that may panic at files that are not right: that is caught and told like any other failure.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What `work` makes; None where it panics. Nothing that a panic may leave half done is to be used again.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }
    let _before = Before(INSIDE.replace(true));
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Is a panic of this thread caught and told? The panic hook of a model's own process asks, as it comes before that.
#[cfg(any(test, target_os = "linux", windows))]
pub fn is_guarded() -> bool {
    INSIDE.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_inside_is_known_to_be_caught_and_nothing_else_is() {
        assert!(!is_guarded());
        assert_eq!(
            guarded(|| (is_guarded(), std::thread::spawn(is_guarded).join().unwrap())),
            Some((true, false))
        );
        let inner = guarded(|| {
            let inner = guarded(|| -> u8 { panic!("inside") });
            (inner, is_guarded())
        });
        assert_eq!(inner, Some((None, true)));
        assert!(!is_guarded());
    }
}
