% Helpers of generated Octave and MATLAB code.

function r = real_of(z)
    % NaN where a function has no real value; Octave goes on with a complex one.
    r = z;
    if ~isreal(z)
        r = NaN;
    end
end

function r = choice(condition, yes, no)
    if condition
        r = yes;
    else
        r = no;
    end
end

function r = larger(a, b)
    % NaN where one is, unlike max.
    r = max(a, b);
    if isnan(a) || isnan(b)
        r = NaN;
    end
end

function r = smaller(a, b)
    r = min(a, b);
    if isnan(a) || isnan(b)
        r = NaN;
    end
end

function r = det_of(a, n)
    r = det(reshape(a, [n, n]));
end

function r = logdet_of(a, n)
    % NaN of a determinant below 0.
    [L, U, P] = lu(reshape(a, [n, n]));
    pivots = diag(U);
    r = sum(log(abs(pivots)));
    if det(P)*prod(sign(pivots)) < 0
        r = NaN;
    end
end

function r = inverse_of(a, n)
    % Row by row; NaN where there is none.
    m = reshape(a, [n, n]);
    [L, U, P] = lu(m);
    if any(diag(U) == 0)
        r = NaN(n*n, 1);
    else
        r = reshape(U\(L\P), [], 1);
    end
end

function r = cofactors_of(a, n)
    % The determinants without a row and a column, with their signs, row by row.
    m = reshape(a, [n, n]).';
    r = zeros(n*n, 1);
    for i = 1:n
        for j = 1:n
            r((i - 1)*n + j) = (-1)^(i + j)*det(m([1:i-1, i+1:n], [1:j-1, j+1:n]));
        end
    end
end
