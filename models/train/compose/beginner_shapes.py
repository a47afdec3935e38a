"""Paintings with one small flat shape each: (image, mask), the mask an L image of 0 and 255 that marks it."""

from beginner_canvas import Canvas


def shape_moon():
    """A crescent over two hills at night."""
    c = Canvas(201, (30, 40, 86), wobble=2)
    c.blob([(-10, 380), (120, 330), (270, 372), (400, 340), (525, 376), (525, 525), (-10, 525)], (18, 60, 52))
    c.marking = True
    c.blob(
        [
            (372, 62),
            (330, 84),
            (308, 130),
            (320, 180),
            (362, 212),
            (412, 206),
            (436, 186),
            (392, 174),
            (366, 140),
            (364, 98),
            (392, 68),
        ],
        (250, 238, 170),
        wobble=1.2,
    )
    return c.done_mask()


def shape_tree():
    """A lollipop tree on a green field."""
    c = Canvas(202, (160, 212, 244), aa=False, wobble=2)
    c.blob([(-10, 340), (150, 326), (330, 344), (525, 330), (525, 525), (-10, 525)], (140, 196, 84))
    c.marking = True
    g = (30, 104, 50)
    c.stroke([(170, 386), (168, 320), (171, 280)], g, 15)
    crown = [
        (168, 304),
        (130, 302),
        (108, 270),
        (120, 230),
        (152, 206),
        (188, 204),
        (218, 228),
        (230, 268),
        (208, 300),
    ]
    c.blob(crown, g, wobble=3)
    return c.done_mask()


def shape_castle():
    """A grey castle cut-out on a hill."""
    c = Canvas(203, (250, 206, 150), wobble=1.5)
    c.blob(
        [(-10, 420), (110, 370), (250, 306), (360, 330), (525, 430), (525, 525), (-10, 525)], (96, 130, 70)
    )
    c.marking = True
    pts = [
        (200, 334),
        (200, 216),
        (211, 216),
        (211, 228),
        (221, 228),
        (221, 216),
        (233, 216),
        (233, 252),
        (250, 252),
        (250, 242),
        (262, 242),
        (262, 253),
        (276, 253),
        (276, 190),
        (296, 160),
        (316, 190),
        (316, 336),
    ]
    pts = [(258 + 0.88 * (x - 258), 336 + 0.88 * (y - 336)) for x, y in pts]
    c.blob(pts, (96, 92, 104), wobble=0.9, smooth=False)
    return c.done_mask()


def shape_boat():
    """A red boat, hull and sail in one colour, on a two-colour sea."""
    c = Canvas(204, (206, 232, 246), aa=False, wobble=1.5)
    c.shape_tool("rect", (0, 290, 512, 512), (44, 128, 170))
    for y in (350, 420, 470):
        c.stroke([(60 + c.j(40), y), (200, y + c.j(5)), (330 + c.j(50), y)], (32, 104, 148), 9)
    c.marking = True
    red = (190, 40, 40)
    c.blob([(278, 296), (430, 294), (402, 336), (304, 338)], red, smooth=False, wobble=1)
    c.stroke([(348, 300), (348, 196)], red, 6, wobble=0.5)
    c.blob([(350, 192), (408, 280), (350, 284)], red, smooth=False, wobble=1)
    return c.done_mask()


def shape_snow_cap():
    """A white cap on a lone blue-grey mountain."""
    c = Canvas(205, (150, 200, 236), wobble=2)
    c.blob(
        [
            (-10, 430),
            (90, 340),
            (170, 230),
            (250, 110),
            (330, 220),
            (430, 340),
            (525, 420),
            (525, 525),
            (-10, 525),
        ],
        (92, 104, 130),
        smooth=False,
    )
    c.blob([(-10, 440), (140, 424), (330, 440), (525, 428), (525, 525), (-10, 525)], (84, 140, 76))
    c.marking = True
    cap = [
        (250, 106),
        (284, 156),
        (318, 206),
        (302, 224),
        (286, 200),
        (268, 236),
        (248, 206),
        (226, 238),
        (210, 210),
        (192, 222),
        (182, 210),
        (216, 158),
    ]
    c.blob(cap, (252, 252, 255), smooth=False, wobble=1.2)
    return c.done_mask()


def shape_house():
    """A brown house as one flat piece on snow."""
    c = Canvas(206, (176, 190, 214), wobble=2)
    c.blob([(-10, 320), (130, 300), (300, 318), (525, 296), (525, 525), (-10, 525)], (246, 248, 252))
    c.marking = True
    c.blob(
        [
            (112, 358),
            (110, 286),
            (92, 286),
            (150, 226),
            (164, 239),
            (163, 216),
            (178, 216),
            (180, 254),
            (212, 284),
            (194, 285),
            (196, 360),
        ],
        (126, 66, 40),
        smooth=False,
        wobble=1,
    )
    return c.done_mask()


def shape_sun():
    """A flat yellow sun over two dunes."""
    c = Canvas(207, (244, 150, 90), wobble=2.2)
    c.blob(
        [(-10, 330), (120, 300), (280, 346), (420, 310), (525, 330), (525, 525), (-10, 525)], (214, 160, 96)
    )
    c.blob([(-10, 440), (180, 390), (330, 430), (525, 410), (525, 525), (-10, 525)], (176, 116, 66))
    c.marking = True
    c.disc(150, 180, 52, (255, 232, 90), wobble=2.5)
    return c.done_mask()


def shape_red_stroke():
    """One free red stroke across a plain landscape; the prompt does not speak of it."""
    c = Canvas(208, (190, 222, 240), wobble=2)
    c.blob(
        [(-10, 300), (110, 262), (260, 290), (400, 250), (525, 284), (525, 525), (-10, 525)], (120, 168, 96)
    )
    c.blob([(-10, 410), (200, 380), (525, 430), (525, 525), (-10, 525)], (90, 140, 70))
    c.marking = True
    c.stroke(
        [(250, 400), (300, 340), (330, 360), (318, 404), (372, 352), (432, 318), (470, 330)],
        (220, 24, 34),
        24,
    )
    return c.done_mask()
