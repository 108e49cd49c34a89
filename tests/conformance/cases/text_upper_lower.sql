-- rule: 2.1 Scalar functions
-- about: UPPER and LOWER of Unicode
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, UPPER(a), LOWER(a) FROM texts;
