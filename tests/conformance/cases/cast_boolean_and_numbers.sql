-- rule: 1.3 CAST of numbers
-- about: BOOLEAN to numbers and back
-- include: extremes
CREATE TABLE sink (id INT, a INT, b BIGINT, c BOOLEAN, d BOOLEAN, e BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(ok AS INT), CAST(ok AS BIGINT), CAST(i AS BOOLEAN), CAST(t AS BOOLEAN), CAST(b AS BOOLEAN) FROM extremes;
