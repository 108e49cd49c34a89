-- rule: 1.4
-- about: TIMESTAMP_LTZ to text, to TIMESTAMP and to DATE is in the session's zone
-- include: times
SET 'table.local-time-zone' = 'GMT+02:00';
CREATE TABLE sink (id INT, a STRING, b TIMESTAMP(3), c DATE, d TIMESTAMP_LTZ(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(TO_TIMESTAMP_LTZ(n, 0) AS STRING), CAST(TO_TIMESTAMP_LTZ(n, 0) AS TIMESTAMP(3)), CAST(TO_TIMESTAMP_LTZ(n, 0) AS DATE), CAST(ts AS TIMESTAMP_LTZ(3)) FROM times;
