-- rule: 2.1 Window TVFs
-- about: a column without a watermark is no time attribute
-- fails: no time attribute
CREATE TABLE late (k STRING, v INT, ts TIMESTAMP(3)) WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
