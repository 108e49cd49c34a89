-- rule: 1.3 SUM(FLOAT)
-- about: FLOAT sums to FLOAT, DOUBLE to DOUBLE; dyadic fractions
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), site STRING, f FLOAT, d DOUBLE, fd DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, site, SUM(humidity), SUM(temp), SUM(CAST(humidity AS DOUBLE))
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, site;
