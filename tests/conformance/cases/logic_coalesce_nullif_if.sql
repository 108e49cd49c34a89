-- rule: 2.1 Scalar functions
-- about: COALESCE, NULLIF, IF
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), a STRING, b INT, c STRING, d INT, e STRING, f DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT ts, COALESCE(site, CAST(sensor AS STRING), 'none'), NULLIF(sensor, 3), NULLIF(site, ''),
  IF(ok, sensor, -1), IF(temp > 20, 'warm', CAST(NULL AS STRING)), COALESCE(temp, hits, 0) FROM sensors;
