-- rule: 2.1 Queries
-- about: a row whose condition is unknown is dropped
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), sensor INT, ok BOOLEAN, hits SMALLINT) WITH (${sink:sink});
INSERT INTO sink SELECT ts, sensor, ok, hits FROM sensors WHERE NOT (ok AND hits > 100) OR sensor NOT IN (1, 2, 3);
