-- rule: 2.1 Scalar functions
-- about: BETWEEN, NOT BETWEEN, IN, NOT IN, with NULL operands
-- spark: an unquoted empty field reads as NULL
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT ts, hits BETWEEN -100 AND 10000, hits NOT BETWEEN level AND 10000, sensor IN (1, 3, 5), sensor NOT IN (1, 3, 5),
  site IN ('north', 'south', ''), volts BETWEEN 0 AND 1000.5 FROM sensors;
