"""The gallery: twenty blocks from six fields, each with what is to be seen in it."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A cell: its title, its field, what to look at, the magic, the block."""

    title: str
    field: str
    look: str
    magic: str
    block: str

    @property
    def cell(self) -> str:
        return f"%%{self.magic}\n{self.block}"


def _example(title: str, field: str, look: str, block: str, magic: str = "jacobian") -> Example:
    return Example(title, field, look, magic, block.strip())


CALCULUS, DYNAMICS, ROBOTICS = "calculus III", "dynamics", "robotics"
STATISTICS, OPTIMISATION, LEARNING = "statistics", "optimisation", "deep learning"

GALLERY = (
    _example("Polar coordinates", CALCULUS, "The area of the image of the unit square is |det J| = r.", """
x(r, φ) = r cos φ
y(r, φ) = r sin φ
r = 1 in [0, 3]
φ = 0.8 in [0, 6.28]
"""),
    _example("Spherical coordinates", CALCULUS, "The determinant of nine entries is r² sin θ.", """
x(r, θ, φ) = r sin θ cos φ
y(r, θ, φ) = r sin θ sin φ
z(r, θ, φ) = r cos θ
"""),
    _example("The monkey saddle", CALCULUS, "At the origin the gradient is 0, and three valleys meet.", """
f(x, y) = x^3 - 3x y^2
x = 0.6 in [-1, 1]
y = 0.4 in [-1, 1]
"""),
    _example("The chain rule along a path", CALCULUS, "dz/dt is the sum of a term for x and a term for y.", """
x = cos t
y = sin 2t
z = x^2 y
t in [0, 6.28]
"""),
    _example("Divergence and curl", CALCULUS, "div F is the trace of J, curl F the difference of the other two.", """
F(x, y) = [a x - b y, b x + a y]
a = 0.3 in [-1, 1]
b = 1 in [-1, 1]
"""),
    _example("A pendulum with friction", DYNAMICS, "With ω = 0 it rests at θ = 0 and at θ = π.", """
θ' = ω
ω' = -g/l sin θ - c ω
g = 9.81
l = 1 in [0.5, 2]
c = 0.2 in [0, 1]
"""),
    _example("Predator and prey", DYNAMICS, "At x = d/c, y = a/b nothing changes, and the diagonal of J is 0.", """
x' = a x - b x y
y' = c x y - d y
a = 1
b = 0.5
c = 0.25
d = 0.75
x = 4 in [0, 6]
y = 2 in [0, 4]
"""),
    _example("Van der Pol's oscillator", DYNAMICS, "Friction changes its sign where |x| passes 1.", """
x'' = μ (1 - x^2) x' - x
μ = 1 in [0, 4]
"""),
    _example("Lorenz's system", DYNAMICS, "Three equations; the trace of J does not depend on the point.", """
x' = σ (y - x)
y' = x (ρ - z) - y
z' = x y - β z
σ = 10
ρ = 28
β = 8/3
"""),
    _example("An arm with two links", ROBOTICS, "det J = l₁ l₂ sin β: stretched, it cannot grow longer.", """
x(α, β) = l1 cos α + l2 cos(α + β)
y(α, β) = l1 sin α + l2 sin(α + β)
l1 = 1
l2 = 0.8
α = 0.5 in [-3, 3]
β = 1 in [-3, 3]
"""),
    _example("A step of a wheeled robot", ROBOTICS, "The matrix F of an extended Kalman filter.", """
f(x, y, θ) = [x + v Δt cos θ, y + v Δt sin θ, θ + ω Δt]
v = 1
ω = 0.3
Δt = 0.1
"""),
    _example("A pinhole camera", ROBOTICS, "The farther away a point, the less its image moves.", """
u(X, Y, Z) = f X/Z + u0
v(X, Y, Z) = f Y/Z + v0
f = 500
Z = 2 in [1, 10]
"""),
    _example("Error propagation", STATISTICS, "g = 4π² l/T²: the error of the period counts twice.", """
g(l, T) = 4π^2 l/T^2
l = 1 in [0.5, 2]
T = 2 in [1, 3]
"""),
    _example("The likelihood of normal data", STATISTICS, "Its gradient is 0 at their mean and deviation.", """
x = [1.2, 0.7, 2.1, 1.6]
L(μ, σ) = -4 ln σ - sum((x[i] - μ)^2 for i = 1..4)/(2σ^2)
μ = 1 in [0, 3]
σ = 0.8 in [0.2, 2]
"""),
    _example("Logistic regression", STATISTICS, "δ of the logit is p − y, the gradient of w is δ x.", """
x in R^2
p = sigmoid(w^T x + b)
L = bce(p, y)
""", "nnchain"),
    _example("Rosenbrock's valley", OPTIMISATION, "The gradient points across the valley, hardly along it.", """
f(x, y) = (1 - x)^2 + 100 (y - x^2)^2
x = -1 in [-1.5, 1.5]
y = 1.2 in [-0.5, 2]
"""),
    _example("Newton's step", OPTIMISATION, "g′ is 0 at the root: the step converges quadratically.", """
f(x) = x^3 - 2x - 5
g(x) = x - f(x)/f'(x)
x = 2 in [1, 4]
"""),
    _example("Residuals of a fit", OPTIMISATION, "The matrix of Gauss and Newton, a row for each datum.", """
t = [0, 1, 2, 4]
y = [5.1, 3, 1.9, 0.7]
r(a, b) = a exp(-b t) - y
a = 5
b = 0.5 in [0, 2]
"""),
    _example("A net with a hidden layer", LEARNING, "Forward, backward, and the gradient of every weight.", """
x in R^2
a = tanh(W1 x + c1) in R^3
o = sigmoid(W2 a + c2) in R^1
L = bce(o, y)
""", "nnchain"),
    _example("A residual block", LEARNING, "J is I plus that of the branch: δ passes the weights by.", """
x in R^3
h = relu(W x + b) in R^4
a = x + V h
""", "nnchain"),
)
