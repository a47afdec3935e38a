//! The recorded hand: what it does in order of time, point by point.

use crate::painter::Painter;
use crate::recording::{Change, Event, Recording, Stroke};

#[derive(Clone, Copy)]
pub enum Action<'a> {
    PenDown(&'a Stroke),
    /// x, y, pressure
    MoveTo([f32; 3]),
    PenUp,
    Undo,
    Redo,
    Prompt(&'a str),
    Set(&'a Change),
    Mark(&'a str),
}

pub struct Hand<'a> {
    actions: Vec<(f64, Action<'a>)>,
    next: usize,
}

impl<'a> Hand<'a> {
    pub fn new(recording: &'a Recording) -> Self {
        let mut actions = Vec::new();
        for event in &recording.events {
            let t = event.t();
            match event {
                Event::Stroke(stroke) => {
                    actions.push((t, Action::PenDown(stroke)));
                    let point = |p: &[f32; 4]| (t + f64::from(p[0]), Action::MoveTo([p[1], p[2], p[3]]));
                    actions.extend(stroke.points.iter().map(point));
                    actions.push((event.end(), Action::PenUp));
                }
                Event::Prompt { text, .. } => actions.push((t, Action::Prompt(text))),
                Event::Set(change) => actions.push((t, Action::Set(change))),
                Event::Undo { .. } => actions.push((t, Action::Undo)),
                Event::Redo { .. } => actions.push((t, Action::Redo)),
                Event::Pause { .. } => {}
                Event::Mark { label, .. } => actions.push((t, Action::Mark(label))),
            }
        }
        // Stable: what happens at the same time keeps its order. Words may change in the middle of a stroke.
        actions.sort_by(|a, b| a.0.total_cmp(&b.0));
        Hand { actions, next: 0 }
    }

    /// The next thing that has to be done by `t` milliseconds.
    pub fn due(&mut self, t: f64) -> Option<Action<'a>> {
        let (at, action) = self.actions.get(self.next)?;
        if *at > t {
            return None;
        }
        self.next += 1;
        Some(*action)
    }

    pub fn is_done(&self) -> bool {
        self.next == self.actions.len()
    }
}

impl Action<'_> {
    /// Does what concerns the canvas; the rest concerns the host.
    pub fn paint(&self, painter: &mut Painter) {
        match self {
            Action::PenDown(stroke) => painter.pen_down(stroke),
            Action::MoveTo(point) => painter.move_to(*point),
            Action::PenUp => painter.pen_up(),
            Action::Undo => painter.undo(),
            Action::Redo => painter.redo(),
            Action::Prompt(_) | Action::Set(_) | Action::Mark(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_when_they_are_due_and_in_order() {
        let recording = Recording::parse(
            r#"{"scumble-recording": 1, "canvas": {"width": 64, "height": 64}, "events": [
            {"t": 10, "do": "stroke", "size": 9, "points": [[0, 1, 2, 1], [40, 9, 9, 1]]},
            {"t": 30, "do": "mark", "label": "half"}, {"t": 90, "do": "undo"}]}"#,
        )
        .unwrap();
        let mut hand = Hand::new(&recording);
        let mut names = |t: f64| {
            let mut names = String::new();
            while let Some(action) = hand.due(t) {
                names.push(match action {
                    Action::PenDown(_) => 'd',
                    Action::MoveTo(_) => 'm',
                    Action::PenUp => 'u',
                    Action::Undo => '<',
                    Action::Mark(_) => '!',
                    _ => '?',
                });
            }
            names
        };
        assert_eq!(
            ["", "dm", "!", "mu", "<"],
            [names(9.0), names(10.0), names(49.0), names(50.0), names(1e9)].each_ref().map(String::as_str)
        );
        assert!(hand.is_done());
        assert_eq!(recording.length(), 90.0);
    }
}
