-- rule: 2.1 Window TVFs, Queries
-- about: rows of window functions side by side, of a subquery with WHERE, and grouped
-- include: late
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3)) WITH (${sink:sink});
CREATE TABLE grouped (ws TIMESTAMP(3), n BIGINT) WITH (${sink:grouped});
EXECUTE STATEMENT SET BEGIN
INSERT INTO sink SELECT k, v, window_start, window_end FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE k = 'a'
UNION ALL SELECT UPPER(k), -v, s, e FROM (
  SELECT k, v, window_start AS s, window_end AS e FROM TABLE(HOP(TABLE late, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE))) WHERE s >= TIMESTAMP '2026-01-01 00:00:00';
INSERT INTO grouped SELECT window_start, COUNT(*) FROM (
  SELECT * FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE v > 2) GROUP BY window_start, window_end;
END;
