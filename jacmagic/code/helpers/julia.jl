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
