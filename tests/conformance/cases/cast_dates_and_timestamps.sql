-- rule: 1.4
-- about: DATE to TIMESTAMP and back; precision of TIMESTAMP truncates
-- include: extremes
CREATE TABLE sink (id INT, a TIMESTAMP(3), b DATE, c TIMESTAMP(0), d TIMESTAMP(3), e TIMESTAMP(2)) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(dt AS TIMESTAMP(3)), CAST(ts AS DATE), CAST(ts AS TIMESTAMP(0)), CAST(ts AS TIMESTAMP(3)), CAST(ts AS TIMESTAMP(2)) FROM extremes WHERE ts IS NULL OR ts >= TIMESTAMP '1970-01-01 00:00:00';
