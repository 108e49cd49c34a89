-- rule: 1.3 CAST of numbers
-- about: integers wrap
-- include: extremes
CREATE TABLE sink (id INT, a TINYINT, b SMALLINT, c INT, d TINYINT, e SMALLINT, f BIGINT, g TINYINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(i AS TINYINT), CAST(i AS SMALLINT), CAST(b AS INT), CAST(s AS TINYINT), CAST(b AS SMALLINT), CAST(t AS BIGINT), CAST(b AS TINYINT) FROM extremes;
