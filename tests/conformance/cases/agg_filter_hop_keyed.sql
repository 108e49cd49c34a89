-- rule: 1.3 agg FILTER
-- about: a group whose filter lets no row pass gives 0 and NULL
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, n BIGINT, warm BIGINT, t DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, COUNT(*), COUNT(*) FILTER (WHERE temp > 30 OR ok), SUM(temp) FILTER (WHERE NOT ok)
FROM TABLE(HOP(TABLE sensors, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, sensor;
