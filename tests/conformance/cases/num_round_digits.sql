-- rule: 2.1 Scalar functions
-- about: ROUND to digits, also before the point
-- include: sensors
CREATE TABLE sink (
  ts TIMESTAMP(3), a DOUBLE, b DOUBLE, c SMALLINT, d DECIMAL(7, 1), e DECIMAL(6, 0), f DECIMAL(8, 3), g FLOAT
) WITH (${sink:sink});
INSERT INTO sink SELECT ts, ROUND(temp, 1), ROUND(temp, -1), ROUND(hits, -2), ROUND(volts, 1), ROUND(volts, -2), ROUND(volts, 5), ROUND(humidity, 1) FROM sensors;
