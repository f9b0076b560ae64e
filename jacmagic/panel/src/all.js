/** Every part of the panel; each registers itself in parts.js under its module's name. */

import "./chain.js";
import "./curvature.js";
import "./integral.js";
import "./learning.js";
import "./stability.js";
import "./tutor.js";
import "./veil.js";
import "./pictures/cobweb.js";
import "./pictures/contour.js";
import "./pictures/curve.js";
import "./pictures/decision.js";
import "./pictures/equation.js";
import "./pictures/fit.js";
import "./pictures/flow.js";
import "./pictures/heatmap.js";
import "./pictures/level.js";
import "./pictures/map2.js";
import "./pictures/net.js";
import "./pictures/orbit.js";
import "./pictures/path.js";
import "./pictures/phase.js";
import "./pictures/slopes.js";
import "./pictures/space.js";
import "./pictures/surface.js";
