"""A block for each kind of picture and for what stands beside one, as src/all.js of the panel has them."""

import jacmagic
from jacmagic.result import Result

BLOCKS = {
    "curve": "f(x) = x^2", "slopes": "f(x) = x^2", "path": "F(t) = [cos t, sin t]", "contour": "f(x, y) = x^2 y", "surface": "f(x, y) = x^2 y",
    "map2": "F(x, y) = [x y, x - y]", "space": "F(u, v) = [u, v, u v]", "level": "f(x, y, z) = x y z", "flow": "x' = y\ny' = -x",
    "stability": "x' = y\ny' = -x", "phase": "x' = -x", "cobweb": "x_{n+1} = a x_n (1 - x_n)", "orbit": "x_{n+1} = y_n\ny_{n+1} = -x_n/2",
    "heatmap": "x in R^12\nf = x .^ 2", "net": "x in R^2\nh = tanh(W x + b) in R^3", "chain": "u = x^2\nf = sin u", "curvature": "f(x) = x^4",
    "veil": "f(x) = x^2", "equation": "x^2 + y^2 = 4\ny = y(x)", "tutor": "f(x) = x^2", "integral": "F(x, y) = [x y, x - y]",
    "learning": "x in R\no = w x + b\ny in R\nL = (o - y)^2", "fit": "x in R^1\no = W x + b in R^1\ny in R^1\nL = (o - y)^2",
    "decision": "x in R^2\no = sigmoid(W x + b) in R^1\ny in R^1\nL = bce(o, y)",
}
DATA = {"learning": {"x": [0, 1], "y": [1, 2]}, "fit": {"x": [[0], [1]], "y": [[1], [2]]}, "decision": {"x": [[0, 0], [1, 1]], "y": [[0], [1]]}}

ASKED = {"curvature": {"hessian": True}, "veil": {"reveal": True}, "tutor": {"quiz": True}, "integral": {"integral": True}}


def pictured(part: str) -> Result:
    """A result whose output has this part."""
    result = (jacmagic.nnchain if part == "net" or part in DATA else jacmagic.jacobian)(BLOCKS[part])
    result.data = DATA.get(part)
    result.besides = dict(ASKED.get(part, {}))
    return result
