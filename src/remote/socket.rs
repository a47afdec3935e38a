//! A connection between two processes, which nobody else can open, that keeps messages apart and can carry memory.

use super::system::Owned;
pub use super::system::Socket;

/// Longest message, in bytes, with what the system needs beside it; what is longer goes through shared memory.
pub const LONGEST: usize = 32 << 10;

pub enum Received {
    /// So many bytes of the buffer, and memory.
    Message(usize, Option<Owned>),
    /// Nothing has come in time.
    Nothing,
    /// The other side is no more.
    Gone,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::system::{Readable, Writable};
    use super::*;

    #[test]
    fn messages_stay_apart_and_carry_memory() {
        let (near, far) = Socket::both().unwrap();
        let mut buffer = vec![0; LONGEST];
        let now = Some(Duration::ZERO);
        assert!(matches!(near.receive(&mut buffer, now).unwrap(), Received::Nothing));
        let mut memory = Writable::new(100_000).unwrap();
        memory[99_999] = 7;
        for (sender, receiver) in [(&far, &near), (&near, &far)] {
            sender.send(b"one", None).unwrap();
            sender.send_now(b"three", Some(memory.handle())).unwrap();
            assert!(matches!(receiver.receive(&mut buffer, now).unwrap(), Received::Message(3, None)));
            assert_eq!(&buffer[..3], b"one");
            let Received::Message(5, Some(handed)) = receiver.receive(&mut buffer, None).unwrap() else {
                panic!("a message with memory")
            };
            assert_eq!(Readable::open(handed).unwrap()[99_999], 7);
        }
        assert!(far.send(&vec![0; LONGEST + 1], None).is_err());
        far.send(b"last", None).unwrap();
        drop(far);
        assert!(matches!(near.receive(&mut buffer, None).unwrap(), Received::Message(4, None)));
        assert!(matches!(near.receive(&mut buffer, None).unwrap(), Received::Gone));
        assert!(near.send_now(b"x", None).is_err());
    }

    #[test]
    fn who_waits_gets_what_comes_meanwhile() {
        let (near, far) = Socket::both().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                far.send(b"late", None).unwrap();
            });
            let mut buffer = vec![0; LONGEST];
            let got = near.receive(&mut buffer, Some(Duration::from_secs(60))).unwrap();
            assert!(matches!(got, Received::Message(4, None)));
        });
    }

    #[test]
    fn who_does_not_read_holds_nobody_up() {
        let (near, far) = Socket::both().unwrap();
        let sent = (0..1_000_000).find(|_| near.send_now(&[1; 64], None).is_err());
        assert!(sent.is_some_and(|sent| sent > 100), "{sent:?}");
        // What could not be sent did not come; what was, all did.
        let mut buffer = vec![0; LONGEST];
        let came = std::iter::from_fn(|| match far.receive(&mut buffer, Some(Duration::ZERO)).unwrap() {
            Received::Message(64, None) => Some(()),
            _ => None,
        });
        assert_eq!(Some(came.count()), sent);
    }
}
