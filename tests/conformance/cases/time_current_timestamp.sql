-- rule: 2.1 Scalar functions
-- about: CURRENT_TIMESTAMP is a time of now: after the day these files were made
-- include: visits
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (k STRING, v INT, later BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, CURRENT_TIMESTAMP > TO_TIMESTAMP_LTZ(1764201600, 0) FROM visits;
