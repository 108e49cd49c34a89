-- rule: 2.1 Scalar functions
-- about: minus and ABS of every number type, with the smallest integers
-- include: extremes
CREATE TABLE sink (
  id INT, a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(10, 2), h INT, i BIGINT, j DECIMAL(38, 18)
) WITH (${sink:sink});
INSERT INTO sink SELECT id, ABS(t), ABS(s), ABS(i), ABS(b), ABS(f), ABS(d), ABS(p), -i, -b, -q FROM extremes;
