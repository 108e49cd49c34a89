-- rule: 2.1 Window TVFs, W9
-- about: rows of SESSION wait for the end of their session
-- include: visits
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end
FROM TABLE(SESSION(TABLE visits PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND));
