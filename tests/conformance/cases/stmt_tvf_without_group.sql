-- rule: 2.1 Window TVFs
-- about: the window function without GROUP BY: rows with their windows
-- include: late
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end FROM TABLE(HOP(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND));
