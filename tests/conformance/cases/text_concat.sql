-- rule: 2.1 Scalar functions
-- about: || and CONCAT give NULL with a NULL; CONCAT_WS leaves NULLs out
-- spark: an unquoted empty field reads as NULL
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, a || b, CONCAT(a, '-', b), CONCAT_WS(',', a, k, b), CONCAT_WS(k, a, b) FROM texts;
