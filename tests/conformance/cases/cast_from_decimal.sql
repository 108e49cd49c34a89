-- rule: 1.3 CAST of numbers
-- about: DECIMAL to integers (wraps), floats and text
-- include: extremes
CREATE TABLE sink (
  id INT, a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g STRING, h BIGINT, i STRING, j DOUBLE
) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(p AS TINYINT), CAST(p AS SMALLINT), CAST(p AS INT), CAST(p AS BIGINT), CAST(p AS FLOAT), CAST(p AS DOUBLE), CAST(p AS STRING), CAST(q AS BIGINT), CAST(q AS STRING), CAST(q AS DOUBLE) FROM extremes;
