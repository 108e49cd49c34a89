-- rule: 1.3 CAST of numbers
-- about: NaN and infinities to integers
-- include: odd
CREATE TABLE sink (id BIGINT, a TINYINT, b SMALLINT, c INT, e BIGINT, g BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(d AS TINYINT), CAST(d AS SMALLINT), CAST(d AS INT), CAST(d AS BIGINT), CAST(f AS BIGINT) FROM odd;
