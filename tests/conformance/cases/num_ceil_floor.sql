-- rule: 2.1 Scalar functions
-- about: CEIL and FLOOR keep integers, give -0.0 of doubles, and integral decimals
-- include: extremes
CREATE TABLE sink (
  id INT, a INT, b BIGINT, c DOUBLE, d DOUBLE, e FLOAT, f FLOAT, g DECIMAL(10, 0), h DECIMAL(10, 0), i DECIMAL(38, 0), j DECIMAL(38, 0)
) WITH (${sink:sink});
INSERT INTO sink SELECT id, CEIL(i), FLOOR(b), CEIL(d), FLOOR(d), CEIL(f), FLOOR(f), CEIL(p), FLOOR(p), CEIL(q), FLOOR(q) FROM extremes;
