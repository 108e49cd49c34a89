-- rule: 1.3 MIN/MAX
-- about: NaN is the greatest, here as in Spark; in Flink the first row decides
-- include: odd
-- oracle: hand by the rule "forebay takes NaN as greatest", computed from odd.csv
CREATE TABLE sink (ws TIMESTAMP(3), low FLOAT, top FLOAT, dlow DOUBLE, dtop DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, MIN(f), MAX(f), MIN(d), MAX(d)
FROM TABLE(TUMBLE(TABLE odd, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
