//! What a recording must keep to, beyond its form. The sentences name the event by its place in the list, from 0.

use crate::args::range_of;
use crate::recording::{Change, Event, Recording, Settings, Stroke, side_is_sound};

pub fn check(recording: &Recording) -> Result<(), String> {
    let size = recording.canvas;
    if !side_is_sound(size.width) || !side_is_sound(size.height) {
        return Err(format!("its canvas of {}×{} is not from 1×1 to 4096×4096", size.width, size.height));
    }
    let Settings { strength, steps, guidance, .. } = recording.settings;
    settings(strength, steps, guidance).map_err(|why| format!("settings: {why}"))?;
    if recording.events.is_empty() {
        return Err("it has no events".into());
    }
    let mut now = 0.0;
    let mut hand_free = 0.0;
    let mut rests_until = 0.0;
    for (number, event) in recording.events.iter().enumerate() {
        let at = |why: String| format!("event {number}: {why}");
        let t = event.t();
        if !t.is_finite() || t < now {
            return Err(at(format!("its time {t} is before that of the event above it ({now})")));
        }
        now = t;
        one(event, size.width.max(size.height) as f32).map_err(at)?;
        if t < rests_until && !matches!(event, Event::Mark { .. }) {
            return Err(at(format!("it begins in a pause, which lasts until {rests_until}")));
        }
        if matches!(event, Event::Stroke(_) | Event::Undo { .. } | Event::Redo { .. } | Event::Pause { .. }) {
            if t < hand_free {
                return Err(at(format!("it begins before the stroke above it ends ({hand_free})")));
            }
            hand_free = event.end();
        }
        if let Event::Pause { .. } = event {
            rests_until = event.end();
        }
    }
    Ok(())
}

fn one(event: &Event, side: f32) -> Result<(), String> {
    match event {
        Event::Stroke(stroke) => check_stroke(stroke, side),
        Event::Set(Change { strength, steps, guidance, .. }) => settings(*strength, *steps, *guidance),
        Event::Pause { ms, .. } if !(0.0..=600_000.0).contains(ms) => {
            Err(format!("a pause of {ms} ms is not from 0 to 10 minutes"))
        }
        _ => Ok(()),
    }
}

fn check_stroke(stroke: &Stroke, side: f32) -> Result<(), String> {
    let within = |what: &str, value: f32, least: f32, most: f32| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(format!("{what} is {value}; it must be from {least} to {most}"))
    };
    within("size", stroke.size, 0.5, 2048.0)?;
    within("hardness", stroke.hardness, 0.0, 1.0)?;
    within("opacity", stroke.opacity, 0.0, 1.0)?;
    if stroke.points.is_empty() {
        return Err("the stroke has no points".into());
    }
    let mut before = 0.0;
    for (place, [t, x, y, pressure]) in stroke.points.iter().copied().enumerate() {
        let at = |why: String| format!("point {place}: {why}");
        if !(before..=3.6e6).contains(&t) {
            return Err(at(format!("its time {t} is before that of the point above it ({before})")));
        }
        before = t;
        within("x", x, -side, 2.0 * side).map_err(at)?;
        within("y", y, -side, 2.0 * side).map_err(at)?;
        within("pressure", pressure, 0.0, 1.0).map_err(at)?;
    }
    Ok(())
}

fn settings(strength: Option<f32>, steps: Option<u32>, guidance: Option<f32>) -> Result<(), String> {
    let values = [("strength", strength), ("steps", steps.map(|steps| steps as f32)), ("guidance", guidance)];
    for (name, value) in values {
        let (least, most) = range_of(name);
        if let Some(value) = value.filter(|value| !(least..=most).contains(&f64::from(*value))) {
            return Err(format!("{name} is {value}; it must be from {least} to {most}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(events: &str) -> Result<Recording, String> {
        Recording::parse(&format!(
            r#"{{"scumble-recording": 1, "canvas": {{"width": 64, "height": 64}}, "events": {events}}}"#
        ))
    }

    #[test]
    fn a_sound_recording_is_read() {
        let recording = with(
            r##"[{"t": 0, "do": "stroke", "colour": "#102030", "size": 9, "points": [[0, 1, 2, 0.5], [40, 9, 9, 1]]},
                {"t": 20, "do": "mark", "label": "in the middle of a stroke"},
                {"t": 40, "do": "undo"}, {"t": 50, "do": "redo"},
                {"t": 60, "do": "pause", "ms": 100}, {"t": 100, "do": "mark", "label": "rest"},
                {"t": 160, "do": "set", "strength": 0.4}, {"t": 160, "do": "prompt", "text": "x"}]"##,
        )
        .unwrap();
        assert_eq!((recording.strokes(), recording.prompts().count(), recording.length()), (1, 1, 160.0));
        assert_eq!(recording.paper.0, [255; 3]);
    }

    #[test]
    fn the_recording_of_the_demo_is_a_whole_painting() {
        let text = include_str!("../../tests/recordings/landscape.json");
        let recording = Recording::parse(text).unwrap();
        let count = |is: fn(&Event) -> bool| recording.events.iter().filter(|e| is(e)).count();
        assert!(recording.strokes() >= 24 && recording.prompts().count() >= 3);
        assert!(count(|e| matches!(e, Event::Mark { .. })) >= 5);
        assert!(count(|e| matches!(e, Event::Set(_))) >= 1);
        assert!(count(|e| matches!(e, Event::Pause { .. })) >= 1);
        assert_eq!(
            (count(|e| matches!(e, Event::Undo { .. })), count(|e| matches!(e, Event::Redo { .. }))),
            (1, 1)
        );
        assert!((25e3..31e3).contains(&recording.length()));
    }

    #[test]
    fn each_slip_is_told_with_its_place() {
        let stroke = r#"{"t": 0, "do": "stroke", "size": 9, "points": [[0, 1, 2, 0.5], [40, 9, 9, 1]]}"#;
        for (events, told) in [
            ("[]".into(), "no events"),
            (r#"[{"t": 0, "do": "sing"}]"#.into(), "event 0: unknown variant `sing`"),
            (r#"[{"t": 5, "do": "undo"}, {"t": 4, "do": "redo"}]"#.into(), "event 1: its time 4"),
            (r#"[{"do": "undo"}]"#.into(), "event 0: missing field `t`"),
            (r#"[{"t": 0, "do": "undo", "twice": true}]"#.into(), "event 0: unknown field `twice`"),
            (stroke.replace("0.5", "1.5"), "event 0: point 0: pressure is 1.5"),
            (stroke.replace("[0,", "[50,"), "event 0: point 1: its time 40"),
            (stroke.replace("\"size\": 9", "\"size\": 0"), "event 0: size is 0"),
            (stroke.replace("9, 9, 1]", "9e9, 9, 1]"), "event 0: point 1: x is"),
            (format!("[{stroke}, {}]", stroke.replace("\"t\": 0", "\"t\": 39")), "event 1: it begins before"),
            (r#"[{"t": 0, "do": "set", "steps": 0}]"#.into(), "event 0: steps is 0"),
            (r#"[{"t": 0, "do": "pause", "ms": 9}, {"t": 8, "do": "undo"}]"#.into(), "begins in a pause"),
        ] {
            let events = if events.starts_with('[') { events } else { format!("[{events}]") };
            let why = with(&events).unwrap_err();
            assert!(why.contains(told), "{events}: {why}");
        }
        assert!(Recording::parse("{").unwrap_err().contains("not JSON"));
        assert!(Recording::parse("{}").unwrap_err().contains("no recording"));
        assert!(Recording::parse(r#"{"scumble-recording": 2}"#).unwrap_err().contains("version 2"));
    }
}
