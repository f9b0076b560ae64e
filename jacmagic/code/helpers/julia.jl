# Helpers of generated Julia.

function real_of(f, z)
    # NaN where a function has no real value; Julia raises an error.
    try
        return f(z)
    catch error
        error isa DomainError || rethrow()
        return NaN
    end
end

function power_of(z, p)
    return z < 0 && p != floor(p) ? NaN : z^p
end

function erf_of(z)
    # The error function, which Julia's own library lacks: Abramowitz & Stegun 7.1.6 up to 3.
    x = abs(z)
    x >= 3 && return sign(z)*(1 - erfc_of(x))
    total, term, k = z, z, 0
    while abs(term) > 1e-17*abs(total)
        k += 1
        term *= 2*x*x/(2*k + 1)
        total += term
    end
    return 2*exp(-x*x)/sqrt(pi)*total
end

function erfc_of(z)
    # 1 - erf(z) without loss: the continued fraction 7.1.14 from 3 on.
    z >= 3 || return 1 - erf_of(z)
    fraction = z
    for k in 60:-1:1
        fraction = z + k/2/fraction
    end
    return exp(-z*z)/sqrt(pi)/fraction
end

function eliminated(a, n)
    # A square matrix, row by row, and the identity beside it, made triangular; the determinant's sign.
    m = [j <= n ? float(a[(i - 1)*n + j]) : float(j - n == i) for i in 1:n, j in 1:2n]
    s = 1.0
    for k in 1:n
        best = k
        for i in k+1:n
            best = abs(m[i, k]) > abs(m[best, k]) ? i : best
        end
        if best != k
            m[k, :], m[best, :], s = m[best, :], m[k, :], -s
        end
        for i in k+1:n
            factor = m[i, k] == 0 ? 0.0 : m[i, k]/m[k, k]
            m[i, :] = m[i, :] - factor*m[k, :]
        end
    end
    return m, s
end

function det_of(a, n)
    m, s = eliminated(a, n)
    return s*prod([m[k, k] for k in 1:n])
end

function logdet_of(a, n)
    # NaN of a determinant below 0.
    m, s = eliminated(a, n)
    pivots = [m[k, k] for k in 1:n]
    any(pivots .== 0) && return -Inf
    return s*prod(sign.(pivots)) > 0 ? sum(log.(abs.(pivots))) : NaN
end

function inverse_of(a, n, out)
    # NaN where there is none.
    m, s = eliminated(a, n)
    for k in n:-1:1
        m[k, k] == 0 && return fill!(out, NaN)
        m[k, :] = m[k, :]/m[k, k]
        for i in 1:k-1
            m[i, :] = m[i, :] - m[i, k]*m[k, :]
        end
    end
    for i in 1:n, j in 1:n
        out[(i - 1)*n + j] = m[i, n + j]
    end
end

function cofactors_of(a, n, out)
    # The determinants without a row and a column, with their signs.
    for i in 1:n, j in 1:n
        rest = [a[(p - 1)*n + q] for p in 1:n for q in 1:n if p != i && q != j]
        out[(i - 1)*n + j] = (-1)^(i + j)*det_of(rest, n - 1)
    end
end
