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

static double eliminated(const double *a, int n, double *m, double *e) {
    double sign = 1; /* of the determinant; m becomes triangular, e what the identity becomes beside it */
    for (int k = 0; k < n * n; k++) m[k] = a[k];
    for (int k = 0; k < n * n; k++) e[k] = k % (n + 1) == 0;
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++) if (fabs(m[i*n + k]) > fabs(m[best*n + k])) best = i;
        if (best != k) sign = -sign;
        for (int j = 0; j < n && best != k; j++) {
            double p = m[k*n + j], q = e[k*n + j];
            m[k*n + j] = m[best*n + j], e[k*n + j] = e[best*n + j];
            m[best*n + j] = p, e[best*n + j] = q;
        }
        for (int i = k + 1; i < n; i++) {
            double factor = m[i*n + k] != 0 ? m[i*n + k]/m[k*n + k] : 0;
            for (int j = 0; j < n; j++) m[i*n + j] -= factor*m[k*n + j], e[i*n + j] -= factor*e[k*n + j];
        }
    }
    return sign;
}

static double det_of(const double *a, int n) {
    double m[n*n + 1], e[n*n + 1], det = eliminated(a, n, m, e);
    for (int k = 0; k < n; k++) det *= m[k*n + k];
    return det;
}

static double logdet_of(const double *a, int n) {
    double m[n*n], e[n*n], sign = eliminated(a, n, m, e), total = 0;
    for (int k = 0; k < n; k++) {
        if (m[k*n + k] == 0) return -INFINITY;
        if (m[k*n + k] < 0) sign = -sign;
        total += log(fabs(m[k*n + k]));
    }
    return sign > 0 ? total : NAN;
}

static void inverse_of(const double *a, int n, double *out) {
    double m[n*n]; /* NaN where there is none */
    eliminated(a, n, m, out);
    for (int k = n - 1; k >= 0; k--) {
        double pivot = m[k*n + k] != 0 ? m[k*n + k] : NAN;
        for (int j = 0; j < n; j++) out[k*n + j] /= pivot;
        for (int i = 0; i < k; i++)
            for (int j = 0; j < n; j++) out[i*n + j] -= m[i*n + k]*out[k*n + j];
    }
    for (int k = 0; k < n; k++)
        for (int j = 0; j < n*n && m[k*n + k] == 0; j++) out[j] = NAN;
}

static void cofactors_of(const double *a, int n, double *out) {
    double minor[n*n];
    for (int at = 0; at < n*n; at++) {
        int count = 0;
        for (int k = 0; k < n*n; k++) if (k/n != at/n && k%n != at%n) minor[count++] = a[k];
        out[at] = ((at/n + at%n) % 2 ? -1 : 1)*det_of(minor, n - 1);
    }
}
