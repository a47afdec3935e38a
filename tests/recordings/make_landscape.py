"""Writes landscape.json: a mountain lake at sunset, blocked in within half a minute.

    python3 make_landscape.py > landscape.json

Standard library only; seeded, so it always writes the same recording. The pen is sampled 125 to 250 times a
second, as a tablet does; its way wobbles, it speeds up and slows down, its pressure comes and goes.
"""

import json
import math
import random
import sys
from itertools import pairwise

SIDE = 512
SHORE = 318  # where the mountains end and the lake begins

FAR = [
    (-30, 262), (40, 236), (84, 250), (140, 214), (196, 240), (246, 222), (286, 256), (336, 262),
    (376, 226), (404, 206), (452, 232), (542, 216),
]
LEFT = [
    (-40, 262), (-4, 214), (30, 190), (62, 164), (88, 126), (112, 92), (128, 112), (150, 158),
    (170, 172), (206, 226), (232, 246), (262, 288), (300, 318),
]
RIGHT = [(338, 318), (372, 276), (404, 250), (432, 204), (458, 172), (474, 190), (500, 222), (550, 252)]
MEADOW = [
    (-40, 440), (30, 426), (96, 420), (170, 434), (250, 450), (330, 446), (400, 424), (470, 408),
    (552, 404),
]


class Hand:
    """Collects events; `now` is the time at which the hand is free again."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.events = []
        self.now = 400.0

    def event(self, **fields):
        self.events.append({"t": round(self.now), **fields})

    def rest(self, ms):
        self.now += ms

    def pause(self, ms):
        self.event(do="pause", ms=ms)
        self.now += ms

    def stroke(self, way, ms, size, colour, hardness=0.6, opacity=1.0, wobble=1.5, gap=110):
        """Draws along `way`, corners of (x, y, pressure), in `ms`."""
        points = self.sample(way, ms, wobble)
        self.event(do="stroke", colour=colour, size=size, hardness=hardness, opacity=opacity, points=points)
        self.now += ms + gap * self.random.uniform(0.7, 1.4)

    def sample(self, way, ms, wobble):
        lengths = [math.dist(a[:2], b[:2]) for a, b in pairwise(way)]
        whole = sum(lengths)
        every = min(8, max(4, 9 * ms / whole))  # milliseconds; fast hands are sampled more often
        count = max(3, round(ms / every))
        phase = [self.random.uniform(0, 6.28) for _ in range(5)]
        points = []
        for i in range(count + 1):
            part = i / count
            # Slow at both ends, as an arm is.
            eased = 0.8 * part + 0.2 * (part - math.sin(2 * math.pi * part) / (2 * math.pi))
            x, y, force = along(way, lengths, whole * eased)
            x += wobble * (math.sin(part * 19 + phase[0]) + 0.5 * math.sin(part * 47 + phase[1]))
            y += wobble * (math.sin(part * 23 + phase[2]) + 0.5 * math.sin(part * 41 + phase[3]))
            force *= 1 + 0.07 * math.sin(part * 31 + phase[4])
            force *= min(1, (i + 1) / 3, (count - i + 1) / 3)  # the tip lands and leaves
            points.append([round(part * ms), round(x, 1), round(y, 1), round(min(1, max(0.02, force)), 2)])
        return points

    def wash(self, top, bottom, passes, ms, size, colour, **more):
        """Fills a band by going to and fro."""
        way = []
        for i in range(passes):
            y = top + (bottom - top) * i / max(1, passes - 1)
            ends = [
                (-30, y + self.random.uniform(-3, 3), 0.9),
                (SIDE + 30, y + self.random.uniform(-3, 3), 1.0),
            ]
            way += ends if i % 2 == 0 else ends[::-1]
        self.stroke(way, ms, size, colour, **more)

    def fill(self, top, bottom, ms, size, colour, step=0.46, **more):
        """Fills between two edges: a light line along the upper one, to and fro, a line along the lower."""
        left, right = max(top[0][0], bottom[0][0]), min(top[-1][0], bottom[-1][0])
        light, firm = 0.4, 0.95
        fine, full = size / 2 * (0.25 + 0.75 * light), size / 2 * 0.9
        corners = sorted({x for x, _ in top if left <= x <= right} | {left, right})
        way = [(x, height(top, x) + fine, light) for x in corners]
        x, up = right - full, True
        while x > left:
            y0, y1 = height(top, x) + full, height(bottom, x) - full
            if y1 > y0:
                way.append((x, y0 if up else y1, firm))
                up = not up
            x -= size * step * self.random.uniform(0.85, 1.15)
        corners = sorted({x for x, _ in bottom if left <= x <= right} | {left, right})
        way += [(x, height(bottom, x) - fine, light) for x in corners]
        self.stroke(way, ms, size, colour, wobble=0.8, **more)

    def dashes(self, spots, size, colour, **more):
        """Quick single touches, (x, y) to (x, y)."""
        for a, b in spots:
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, 1.0)
            self.stroke([(*a, 0.3), middle, (*b, 0.2)], 70, size, colour, wobble=0.4, gap=45, **more)

    def pine(self, x, foot, tall, ms, colour):
        """In one stroke: to and fro from the tip down, wider and wider, then the trunk."""
        way, rows = [(x, foot - tall, 0.05), (x, foot - tall * 0.88, 0.2)], 11
        for i in range(1, rows + 1):
            part = i / rows
            y = foot - tall * (0.9 - 0.82 * part)
            half = tall * 0.19 * part**0.8 * self.random.uniform(0.7, 1.15)
            side = 1 if i % 2 else -1
            way += [
                (x - side * half, y + tall * 0.02, 0.3 + 0.2 * part),
                (x, y - tall * 0.02, 0.5 + 0.5 * part),
                (x + side * half, y + tall * 0.03, 0.25 + 0.2 * part),
            ]
        way += [(x, foot - tall * 0.08, 0.8), (x, foot + 6, 0.4)]
        self.stroke(way, ms, tall * 0.12, colour, hardness=0.8, wobble=0.6)


def along(way, lengths, far):
    for (a, b), length in zip(pairwise(way), lengths, strict=True):
        if far <= length and length > 0:
            return [p + (q - p) * far / length for p, q in zip(a, b, strict=True)]
        far -= length
    return list(way[-1])


def height(edge, x):
    for (x0, y0), (x1, y1) in pairwise(edge):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return edge[-1][1] if x > edge[-1][0] else edge[0][1]


def flat(y, left=-40, right=552):
    return [(left, y), (right, y)]


def mirrored(ridge):
    """The foot of a mountain's reflection."""
    return [(x, SHORE + 14 + (SHORE - y) * 0.42) for x, y in ridge]


def sky(hand):
    hand.wash(8, 84, 3, 700, 112, "#46598f", hardness=0.3)
    hand.wash(124, 150, 2, 520, 84, "#8a7fae", hardness=0.2)
    hand.wash(182, 206, 2, 520, 76, "#d9929a", hardness=0.2)
    hand.wash(236, 262, 2, 520, 72, "#f3b27c", hardness=0.2)
    hand.wash(292, 320, 2, 480, 64, "#f9d99c", hardness=0.3)


def sun_and_clouds(hand):
    hand.stroke([(300, 230, 1), (316, 236, 1), (302, 242, 1)], 220, 110, "#fbd68c", hardness=0.0, opacity=0.8)
    hand.stroke(
        [(306, 234, 1), (311, 238, 1), (306, 239, 1), (310, 234, 1)],
        220,
        40,
        "#fff3cf",
        hardness=0.85,
        wobble=0.3,
    )
    hand.stroke(
        [(318, 108, 0.1), (372, 98, 0.8), (420, 102, 1), (470, 88, 0.6), (520, 82, 0.2)],
        320,
        26,
        "#e9a7a0",
        hardness=0.3,
        opacity=0.85,
    )
    hand.stroke(
        [(190, 150, 0.1), (250, 140, 0.9), (310, 147, 0.7), (380, 136, 0.1)],
        300,
        20,
        "#f6c39a",
        hardness=0.3,
        opacity=0.85,
    )
    hand.stroke(
        [(30, 64, 0.1), (90, 54, 0.7), (150, 60, 0.9), (215, 50, 0.1)],
        280,
        22,
        "#7d83b5",
        hardness=0.3,
        opacity=0.8,
    )


def mountains(hand):
    hand.fill(FAR, flat(SHORE), 1250, 30, "#93859f", hardness=0.8)
    hand.fill(LEFT, flat(SHORE), 1300, 26, "#555c82", hardness=0.85)
    hand.fill(RIGHT, flat(SHORE), 800, 26, "#605f86", hardness=0.85)
    # The sides that turn away from the sun.
    hand.fill(
        [p for p in LEFT if p[0] <= 112],
        [(-40, 318), (52, 318), (72, 258), (84, 214), (98, 170), (112, 96)],
        620,
        20,
        "#3a4166",
        hardness=0.8,
        opacity=0.9,
    )
    hand.fill(
        [p for p in RIGHT if p[0] >= 458],
        [(458, 176), (466, 220), (484, 250), (496, 318), (550, 318)],
        420,
        20,
        "#464a70",
        hardness=0.8,
        opacity=0.9,
    )
    # Where it touches them.
    hand.stroke(
        [(146, 166, 0.3), (172, 204, 0.8), (196, 246, 0.7), (222, 288, 0.2)],
        240,
        22,
        "#9a8397",
        hardness=0.1,
        opacity=0.7,
    )
    hand.stroke(
        [(428, 222, 0.3), (412, 254, 0.8), (394, 284, 0.2)], 200, 20, "#a58796", hardness=0.1, opacity=0.7
    )


def snow(hand):
    cap = [p for p in LEFT if 88 <= p[0] <= 150]
    hand.fill(
        cap,
        [(88, 140), (96, 156), (104, 138), (114, 164), (122, 146), (134, 176), (142, 156), (150, 172)],
        460,
        12,
        "#fbeee6",
        hardness=0.9,
    )
    hand.fill(
        [p for p in cap if p[0] <= 112],
        [(88, 134), (96, 154), (104, 136), (112, 150)],
        260,
        9,
        "#c3c6e0",
        hardness=0.9,
    )
    hand.stroke(
        [(160, 172, 0.3), (176, 196, 0.9), (184, 222, 0.1)], 160, 9, "#f5e2dc", hardness=0.9, wobble=0.6
    )
    cap = [p for p in RIGHT if 432 <= p[0] <= 474]
    hand.fill(
        cap,
        [(432, 212), (440, 222), (450, 206), (460, 224), (468, 208), (474, 214)],
        340,
        10,
        "#fbe9df",
        hardness=0.9,
    )
    hand.stroke(
        [(404, 212, 0.3), (397, 224, 0.8), (402, 232, 0.1)], 150, 8, "#f4dcd6", hardness=0.9, wobble=0.6
    )


def lake(hand):
    hand.wash(SHORE + 21, SHORE + 44, 2, 520, 40, "#f2c08a", hardness=0.8)
    hand.wash(SHORE + 68, SHORE + 78, 2, 480, 44, "#c8929c", hardness=0.3)
    hand.wash(SHORE + 100, SHORE + 140, 3, 560, 48, "#62699a", hardness=0.3)


def reflections(hand):
    hand.fill(flat(SHORE + 2, -40, 300), mirrored(LEFT), 620, 18, "#59608a", hardness=0.5, opacity=0.85)
    hand.fill(flat(SHORE + 2, 338, 550), mirrored(RIGHT), 420, 18, "#66658e", hardness=0.5, opacity=0.85)
    hand.stroke(
        [(-30, 318, 0.8), (130, 320, 0.6), (270, 317, 0.9), (400, 320, 0.6), (540, 318, 0.8)],
        320,
        6,
        "#34395a",
        hardness=0.8,
        wobble=0.6,
    )
    glitter = [(308 + hand.random.uniform(-5, 5), 332 + i * 12, 8 + i * 3.2) for i in range(7)]
    hand.dashes([((x - half, y), (x + half, y + 1)) for x, y, half in glitter], 7, "#fff0c4", hardness=0.8)
    ripples = [(60, 350, 46), (160, 338, 30), (450, 344, 34), (96, 372, 40)]
    hand.dashes([((x - half, y), (x + half, y - 1)) for x, y, half in ripples], 5, "#c9a1a4", hardness=0.6)


def meadow(hand):
    hand.fill(MEADOW, flat(566), 1000, 48, "#3c4d37", hardness=0.7)
    hand.stroke(
        [(-20, 482, 0.5), (110, 462, 1), (240, 488, 0.8), (380, 470, 1), (540, 452, 0.5)],
        420,
        32,
        "#56683b",
        hardness=0.2,
        opacity=0.85,
    )
    hand.stroke(
        [(-20, 508, 0.8), (160, 504, 1), (330, 510, 1), (540, 500, 0.7)],
        380,
        36,
        "#2d3b2f",
        hardness=0.2,
        opacity=0.85,
    )
    blades = []
    for x in (14, 31, 96, 121, 137, 188, 236, 251, 312, 338):
        foot = 492 + hand.random.uniform(-22, 14)
        blades.append(((x, foot), (x + hand.random.uniform(-3, 12), foot - hand.random.uniform(16, 38))))
    hand.dashes(blades, 5, "#8f9656", hardness=0.8)


def pines(hand):
    hand.pine(398, 452, 104, 380, "#2a3a31")
    hand.pine(438, 462, 168, 500, "#22302b")
    hand.pine(484, 476, 216, 560, "#1a2624")


def paint(hand):
    sky(hand)
    sun_and_clouds(hand)
    hand.rest(500)
    hand.event(do="mark", label="1 sky")
    mountains(hand)
    snow(hand)
    hand.event(do="prompt", text="snowy mountains above a calm lake at sunset")
    hand.rest(550)
    hand.event(do="mark", label="2 mountains, other words")
    lake(hand)
    reflections(hand)
    hand.event(do="set", strength=0.5)  # the slider goes down: closer to the paint
    meadow(hand)
    hand.rest(500)
    hand.event(do="mark", label="3 lake and meadow, less strength")
    pines(hand)
    hand.pine(60, 462, 132, 400, "#22302b")
    hand.rest(200)
    hand.event(do="undo")  # is it better without the tree on the left?
    hand.rest(500)
    hand.event(do="redo")
    hand.pause(900)
    hand.event(do="mark", label="4 finished")
    hand.rest(50)
    hand.event(do="set", strength=0.75)
    hand.event(do="prompt", text="snowy mountains above a dark lake at night under stars")
    hand.rest(1600)
    hand.event(do="mark", label="5 night")
    hand.rest(50)
    hand.event(do="prompt", text="orange desert dunes and red rocks under a hazy sky")
    hand.rest(1600)
    hand.event(do="mark", label="6 desert")


def main():
    hand = Hand(seed=11)
    paint(hand)
    recording = {
        "scumble-recording": 1,
        "title": "Mountain lake",
        "canvas": {"width": SIDE, "height": SIDE},
        "background": "#f3efe6",
        "settings": {"prompt": "a wide evening sky over dark mountains", "seed": 7},
    }
    # One event a line: a stroke that is changed is a line that is changed.
    head = json.dumps(recording)[:-1]
    body = ",\n".join(json.dumps(event, separators=(",", ":")) for event in hand.events)
    sys.stdout.write(f'{head}, "events": [\n{body}\n]}}\n')


if __name__ == "__main__":
    main()
