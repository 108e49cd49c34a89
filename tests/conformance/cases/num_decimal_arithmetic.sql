-- rule: 1.3 DECIMAL + - * / %
-- about: precision and scale of the results
-- include: sensors
CREATE TABLE sink (
  ts TIMESTAMP(3), a DECIMAL(9, 3), b DECIMAL(9, 3), c DECIMAL(17, 6), d DECIMAL(20, 12), e DECIMAL(19, 3), f DECIMAL(8, 3), g DECIMAL(12, 3)
) WITH (${sink:sink});
INSERT INTO sink SELECT ts, volts + volts, volts - CAST(1.5 AS DECIMAL(3, 1)), volts * volts, volts / CAST(3.3 AS DECIMAL(8, 3)), volts * sensor, MOD(volts, CAST(7.25 AS DECIMAL(8, 3))), volts + sensor FROM sensors;
