-- rule: 1.3 CAST of numbers
-- about: DOUBLE and FLOAT to integers
-- include: extremes
CREATE TABLE sink (id INT, a TINYINT, b SMALLINT, c INT, d BIGINT, e TINYINT, f SMALLINT, g INT, h BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(d AS TINYINT), CAST(d AS SMALLINT), CAST(d AS INT), CAST(d AS BIGINT), CAST(f AS TINYINT), CAST(f AS SMALLINT), CAST(f AS INT), CAST(f AS BIGINT) FROM extremes;
