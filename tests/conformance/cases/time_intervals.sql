-- rule: 2.1 Types
-- about: timestamps and dates plus and minus intervals
-- include: times
CREATE TABLE sink (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), d DATE, e TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, ts + INTERVAL '1' DAY, ts - INTERVAL '90' MINUTE, ts + INTERVAL '1 02:03:04.005' DAY TO SECOND, dt + INTERVAL '3' DAY, ts - INTERVAL '0.001' SECOND
FROM times WHERE ts < TIMESTAMP '9000-01-01 00:00:00' AND ts > TIMESTAMP '1000-01-01 00:00:00';
