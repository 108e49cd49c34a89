SET 'pipeline.name' = 'two sets';
SET 'table.local-time-zone' = 'GMT+02:00';
SET 'parallelism.default' = '4';
SET 'table.exec.source.idle-timeout' = '5 s';
RESET 'table.exec.source.idle-timeout';
CREATE TABLE t (id BIGINT, n BIGINT, l AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR l AS l)
  WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv');
CREATE TABLE IF NOT EXISTS p (x BIGINT) WITH ('connector' = 'print', 'print-identifier' = 'p');
CREATE TABLE IF NOT EXISTS p (other STRING) WITH ('connector' = 'blackhole');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO p SELECT id FROM t;
  INSERT INTO p SELECT COUNT(id) FROM CUMULATE(TABLE t, DESCRIPTOR(l), INTERVAL '10' MINUTE, INTERVAL '1' DAY)
    GROUP BY window_start, window_end;
END;
BEGIN STATEMENT SET;
  INSERT INTO p SELECT n FROM t WHERE id IS NOT NULL;
  INSERT INTO p VALUES (1), (2);
END;
EXECUTE INSERT INTO p SELECT n + 1 FROM t;
EXPLAIN PLAN FOR INSERT INTO p SELECT n + 2 FROM t;
EXPLAIN STATEMENT SET BEGIN
  INSERT INTO p SELECT n + 3 FROM t;
  INSERT INTO p SELECT n + 4 FROM t UNION ALL SELECT n + 5 FROM t;
END;
EXPLAIN SELECT `id`, -- a comment
  /* another */ n FROM t;
