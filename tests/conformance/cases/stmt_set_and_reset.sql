-- rule: 2.1 Statements
-- about: SET, SET again, RESET of a key; the last one counts
-- include: visits
SET 'table.local-time-zone' = 'GMT+05:30';
SET 'pipeline.name' = 'first';
RESET 'pipeline.name';
SET 'execution.checkpointing.interval' = '3 s';
SET 'table.local-time-zone' = 'GMT-03:30';
CREATE TABLE sink (k STRING, v INT, here TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, CAST(TO_TIMESTAMP_LTZ(v, 0) AS TIMESTAMP(3)) FROM visits WHERE v > 4;
