use ndarray::Array3;

use super::*;

/// OpenPose's names of joints, in its order.
const NAMES: [&str; JOINTS] = [
    "nose",
    "neck",
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
];
/// The network's.
const ITS: [&str; JOINTS] = [
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
    "neck",
];

/// Somebody who stands there and looks at us, in cells of 56 × 56, by OpenPose's order.
fn standing(left: usize, top: usize) -> [[usize; 2]; JOINTS] {
    let places = [
        [10, 4],
        [10, 9],
        [6, 9],
        [4, 15],
        [3, 21],
        [14, 9],
        [16, 15],
        [17, 21],
        [8, 21],
        [8, 29],
        [8, 37],
        [12, 21],
        [12, 29],
        [12, 37],
        [9, 3],
        [11, 3],
        [7, 4],
        [13, 4],
    ];
    places.map(|[x, y]| [x + left, y + top])
}

/// The maps of such people.
fn maps(people: &[[[usize; 2]; JOINTS]]) -> (Array3<f32>, Array3<f32>) {
    let (mut joints, mut bones) = (Array3::zeros((JOINTS, 56, 56)), Array3::zeros((BONE_MAPS, 56, 56)));
    for person in people {
        let place = |its: usize| person[NAMES.iter().position(|name| *name == ITS[its]).unwrap()];
        for joint in 0..JOINTS {
            let [x, y] = place(joint);
            for (v, u) in (y - 1..=y + 1).flat_map(|v| (x - 1..=x + 1).map(move |u| (v, u))) {
                let near = 1.0 - 0.4 * (u.abs_diff(x) + v.abs_diff(y)) as f32;
                let value: &mut f32 = &mut joints[[joint, v, u]];
                *value = value.max(near);
            }
        }
        for (bone, &[from, to]) in BONES.iter().enumerate() {
            let (a, b) = (place(from).map(|at| at as f32), place(to).map(|at| at as f32));
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            for part in (0..=60).map(|part| part as f32 / 60.0) {
                let at = |axis: usize| (a[axis] + part * (b[axis] - a[axis])).round() as usize;
                bones[[2 * bone, at(1), at(0)]] = (b[1] - a[1]) / length;
                bones[[2 * bone + 1, at(1), at(0)]] = (b[0] - a[0]) / length;
            }
        }
    }
    (joints, bones)
}

#[test]
fn the_networks_joints_become_openposes() {
    for (its, ours) in OPENPOSE.iter().enumerate() {
        assert_eq!(ITS[its], NAMES[*ours]);
    }
    for [from, to] in LIMBS {
        // Each limb joins what lies beside each other.
        let (from, to) = (NAMES[from], NAMES[to]);
        let neighbours = [
            ("neck", "shoulder"),
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("neck", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
            ("neck", "nose"),
            ("nose", "eye"),
            ("eye", "ear"),
        ];
        assert!(neighbours.iter().any(|(a, b)| from.ends_with(a) && to.ends_with(b)), "{from}, {to}");
        let side = |name: &str| name.split_once(' ').map(|(side, _)| side.to_owned());
        assert!(side(from).is_none() || side(from) == side(to), "{from}, {to}");
    }
}

#[test]
fn two_people_are_found_whole_and_apart() {
    let people = [standing(2, 4), standing(30, 12)];
    let (joints, bones) = maps(&people);
    let found = bodies(&joints.view(), &bones.view());
    assert_eq!(found.len(), 2, "{found:?}");
    for (body, person) in found.iter().zip(&people) {
        for ((joint, place), name) in body.0.iter().zip(person).zip(NAMES) {
            let [x, y] = joint.unwrap_or_else(|| panic!("no {name}"));
            let near = |is: f32, cell: usize| (is * 56.0 - cell as f32 - 0.5).abs() < 0.6;
            assert!(near(x, place[0]) && near(y, place[1]), "{name}: {x} {y} {place:?}");
        }
    }
    // Without bones they are joints of nobody; of nothing nobody is made.
    assert!(bodies(&joints.view(), &Array3::zeros(bones.dim()).view()).is_empty());
    assert!(bodies(&Array3::zeros(joints.dim()).view(), &bones.view()).is_empty());
    // Noise of any kind ends.
    let noise =
        Array3::from_shape_fn(joints.dim(), |(c, y, x)| ((c * 7 + y * 13 + x * 29) % 17) as f32 / 9.0);
    bodies(&noise.view(), &Array3::from_elem(bones.dim(), 0.5).view());
}

#[test]
fn a_body_is_drawn_in_controlnets_colours() {
    let place = |[x, y]: [usize; 2]| Some([x as f32 / 24.0, y as f32 / 45.0]);
    let body = Body(standing(2, 2).map(place));
    let picture = drawn(std::slice::from_ref(&body), (0, 480, 480.0), (0, 900, 900.0));
    let at = |[x, y]: [f32; 2]| [0, 1, 2].map(|c| picture[[c, (y * 900.0) as usize, (x * 480.0) as usize]]);
    // As its annotator has them: the nose is red, the neck orange, …
    for (joint, colour) in [
        ("nose", [255, 0, 0]),
        ("neck", [255, 85, 0]),
        ("right wrist", [170, 255, 0]),
        ("left shoulder", [85, 255, 0]),
        ("right ankle", [0, 170, 255]),
        ("left hip", [0, 85, 255]),
        ("left ankle", [85, 0, 255]),
        ("right eye", [170, 0, 255]),
        ("left ear", [255, 0, 85]),
    ] {
        let index = NAMES.iter().position(|name| *name == joint).unwrap();
        assert_eq!(at(body.0[index].unwrap()), colour.map(|byte| f32::from(byte as u8) / 255.0), "{joint}");
    }
    let middle = |a: &str, b: &str| {
        let of = |name: &str| body.0[NAMES.iter().position(|one| *one == name).unwrap()].unwrap();
        let (a, b) = (of(a), of(b));
        at([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0])
    };
    for (a, b, colour) in [
        ("neck", "right shoulder", [153, 0, 0]),
        ("right elbow", "right wrist", [153, 153, 0]),
        ("left elbow", "left wrist", [51, 153, 0]),
        ("right hip", "right knee", [0, 153, 51]),
        ("left knee", "left ankle", [0, 51, 153]),
        ("neck", "nose", [0, 0, 153]),
    ] {
        let (is, wanted) = (middle(a, b), colour.map(|byte: i32| byte as f32 / 255.0));
        assert!(is.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 1e-4), "{a}, {b}: {is:?}");
    }
    assert_eq!(at([0.02, 0.98]), [0.0; 3], "on black");
    let part = drawn(&[body], (100, 200, 480.0), (300, 250, 900.0));
    assert_eq!(part, picture.slice(ndarray::s![.., 300..550, 100..300]), "a window is its part of the whole");
}
