-- rule: 1.3 COUNT
-- about: COUNT(*) counts rows, COUNT(x) those that are not NULL; each type
-- include: sensors
CREATE TABLE sink (
  ws TIMESTAMP(3), n BIGINT, a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f BIGINT, g BIGINT, h BIGINT
) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), COUNT(sensor), COUNT(site), COUNT(temp), COUNT(humidity), COUNT(hits), COUNT(level), COUNT(ok), COUNT(volts)
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
