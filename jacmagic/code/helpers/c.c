/* Helpers of generated C. */
#include <math.h>

static double larger(double a, double b) {
    return a >= b || a != a ? a : b; /* unlike fmax, NaN where one is */
}

static double smaller(double a, double b) {
    return a <= b || a != a ? a : b;
}

static double sign_of(double z) {
    return z > 0 ? 1 : z < 0 ? -1 : z;
}
