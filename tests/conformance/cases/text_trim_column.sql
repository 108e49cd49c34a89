-- rule: 2.1 Scalar functions
-- about: the characters to trim come from a column
-- include: texts
CREATE TABLE sink (id INT, a STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRIM(BOTH k FROM a) FROM texts;
