-- rule: 2.1 Scalar functions
-- about: positions from 1, 0 and negative ones, lengths past the end, by characters
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING, d STRING, e STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, SUBSTRING(a, 2), SUBSTRING(a FROM n), SUBSTRING(a, 2, 3), SUBSTRING(a FROM 1 FOR 2), SUBSTR(a, -3, 2) FROM texts;
