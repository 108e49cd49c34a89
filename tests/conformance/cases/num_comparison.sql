-- rule: 2.1 Scalar functions
-- about: comparisons over types, with NULL
-- include: extremes
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN, g BOOLEAN, h BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, t < s, i >= b, d > f, p = i, q <> p, p < d, v > 'a', dt <= DATE '2000-02-29' FROM extremes;
