"""Line graphs as SVG, for pages that people read: few lines, names beside them, readable on light and dark ground."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 62, 226, 44, 46
COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f"]
INK, GRID = "#57606a", "#d0d7de"


def nice_step(span, wanted=5):
    rough = span / wanted if span > 0 else 1
    power = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:g}"


def ticks(values):
    """Where the axis of the sessions is marked: at what was measured, as far as the marks don't meet."""
    top = values[-1]
    kept = []
    for value in reversed(values):
        if not kept or kept[-1] - value >= top * 0.07:
            kept.append(value)
    return kept


def mark(shape, x, y, colour):
    """A point: full for the first kind, then hollow ones."""
    if shape == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>'
    style = f'fill="#ffffff" stroke="{colour}" stroke-width="1.8"'
    if shape == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" {style}/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5-5 5-5-5z" {style}/>'


def draw(title, unit, lines, across="viewers"):
    """`lines`: name -> (colour, dash, shape, {x: (middle, low, high)}); the first three are numbers from 0. Points have
    their least and greatest as a thin bar."""
    xs = sorted({x for *_, points in lines.values() for x in points})
    top = max(high for *_, points in lines.values() for _, _, high in points.values()) or 1
    step = nice_step(top)
    top = step * math.ceil(top / step * 1.0001)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    x_at = {x: LEFT + wide * x / xs[-1] for x in xs}

    def y_at(value):
        return TOP + high * (1 - value / top)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">',
           f"<title>{escape(title)}</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff" rx="6"/>',
           f'<text x="{LEFT - 46}" y="24" font-size="15" font-weight="600">{escape(title)}, '
           f'{escape(unit)}</text>']
    for n in range(round(top / step) + 1):
        y = y_at(n * step)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(n * step)}</text>')
    for x in ticks(xs):
        out.append(f'<text x="{x_at[x]:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number(x)}</text>')
    out.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>')
    for n, (name, (colour, dash, shape, points)) in enumerate(lines.items()):
        colour, style = COLOURS[colour % len(COLOURS)], ("", ' stroke-dasharray="6 4"', ' stroke-dasharray="2 3"')[dash % 3]
        path = " ".join(f"{x_at[x]:.1f},{y_at(points[x][0]):.1f}" for x in sorted(points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{style}/>')
        for x, (middle, low, high_value) in sorted(points.items()):
            if high_value > low:
                out.append(f'<line x1="{x_at[x]:.1f}" x2="{x_at[x]:.1f}" y1="{y_at(low):.1f}" '
                           f'y2="{y_at(high_value):.1f}" stroke="{colour}"/>')
            out.append(mark(shape, x_at[x], y_at(middle), colour))
        x, y = WIDTH - RIGHT + 16, TOP + 6 + n * 19
        out.append(f'<line x1="{x}" x2="{x + 26}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{style}/>')
        out.append(mark(shape, x + 13, y, colour))
        out.append(f'<text x="{x + 33}" y="{y + 4}">{escape(name)}</text>')
    return "\n".join(out + ["</svg>", ""])
