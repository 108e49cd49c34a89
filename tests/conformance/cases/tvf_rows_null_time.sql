-- rule: W14, 2.1 Window TVFs
-- about: a record without event time has no window and gives no row; Flink's stream fails, its batch drops
-- oracle: flink-batch
CREATE TABLE nulltime (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/nulltime.csv', 'format'='csv', 'csv.null-literal'='NULL');
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start FROM TABLE(TUMBLE(TABLE nulltime, DESCRIPTOR(ts), INTERVAL '10' SECOND));
