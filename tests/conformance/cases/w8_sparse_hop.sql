-- rule: W8
-- about: windows without rows give no row
-- include: visits
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*)
FROM TABLE(HOP(TABLE visits, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '4' SECOND)) GROUP BY window_start, window_end, k;
