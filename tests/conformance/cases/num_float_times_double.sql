-- rule: 1.3 a / b, %
-- about: FLOAT and DOUBLE: the type of the result
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), a FLOAT, b FLOAT, c DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT ts, humidity * temp, humidity * 2, temp * 3 FROM sensors;
