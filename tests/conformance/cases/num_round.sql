-- rule: 2.1 Scalar functions
-- about: ROUND of one argument
-- include: extremes
CREATE TABLE sink (id INT, a INT, b BIGINT, d DOUBLE, e FLOAT, g DECIMAL(9, 0), i DECIMAL(21, 0)) WITH (${sink:sink});
INSERT INTO sink SELECT id, ROUND(i), ROUND(b), ROUND(d), ROUND(f), ROUND(p), ROUND(q) FROM extremes;
