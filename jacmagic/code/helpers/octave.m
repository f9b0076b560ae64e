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
