-- rule: 2.1 Scalar functions
-- about: IS [NOT] DISTINCT FROM is never unknown
-- include: texts
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, a IS DISTINCT FROM b, n IS NOT DISTINCT FROM m, k IS DISTINCT FROM 'a' FROM texts;
