//! What [`super`] waits with: parking_lot's, or loom's behind the few calls of it that are used.

pub use own::*;

#[cfg(not(loom))]
mod own {
    pub use parking_lot::Mutex;

    #[derive(Default)]
    pub struct Condvar(parking_lot::Condvar);
    impl Condvar {
        pub fn new() -> Self {
            Self::default()
        }
        pub fn wait<T>(&self, guard: &mut parking_lot::MutexGuard<'_, T>) {
            self.0.wait(guard);
        }
        pub fn wait_until<T>(&self, guard: &mut parking_lot::MutexGuard<'_, T>, due: std::time::Instant) {
            self.0.wait_until(guard, due);
        }
        pub fn notify_one(&self) {
            self.0.notify_one();
        }
        pub fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}

#[cfg(loom)]
mod own {
    pub use loom::sync::MutexGuard;

    pub struct Mutex<T>(loom::sync::Mutex<T>);
    impl<T> Mutex<T> {
        pub fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }
        pub fn lock(&self) -> Guard<'_, T> {
            Guard(Some(self.0.lock().unwrap()))
        }
    }

    pub struct Guard<'a, T>(Option<MutexGuard<'a, T>>);
    impl<T> std::ops::Deref for Guard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().unwrap()
        }
    }
    impl<T> std::ops::DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().unwrap()
        }
    }

    pub struct Condvar(loom::sync::Condvar);
    impl Condvar {
        pub fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }
        pub fn wait<T>(&self, guard: &mut Guard<'_, T>) {
            guard.0 = guard.0.take().map(|g| self.0.wait(g).unwrap());
        }
        /// Time stands still in loom; all that its tests put is due.
        pub fn wait_until<T>(&self, guard: &mut Guard<'_, T>, _due: std::time::Instant) {
            self.wait(guard);
        }
        pub fn notify_one(&self) {
            self.0.notify_one();
        }
        pub fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}
