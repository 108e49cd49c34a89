-- rule: 1.4
-- about: CAST to STRING prints all p digits, the CSV format trims zeros
-- include: times
CREATE TABLE sink (id INT, a STRING, b STRING, c TIMESTAMP(3), d STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(ts AS STRING), CAST(CAST(ts AS TIMESTAMP(6)) AS STRING), ts, CAST(CAST(ts AS TIMESTAMP(0)) AS STRING) FROM times WHERE ts IS NULL OR ts >= TIMESTAMP '1970-01-01 00:00:00';
