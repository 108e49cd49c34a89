-- rule: 2.1 Scalar functions
-- about: TRIM of blanks, and of given characters on either side
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING, d STRING, e STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRIM(a), TRIM(LEADING ' ' FROM a), TRIM(TRAILING ' ' FROM a), TRIM(BOTH 'x' FROM a), TRIM(BOTH 'ax' FROM a) FROM texts;
