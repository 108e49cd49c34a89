-- rule: 2.1 Queries
-- about: both forms of CASE, without ELSE, of mixed number types
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), a STRING, b INT, c DOUBLE, d STRING) WITH (${sink:sink});
INSERT INTO sink SELECT ts, CASE WHEN temp > 40 THEN 'hot' WHEN temp > 10 THEN 'mild' ELSE 'cold' END,
  CASE sensor WHEN 1 THEN 10 WHEN 2 THEN 20 END, CASE WHEN ok THEN temp ELSE hits END,
  CASE site WHEN 'north' THEN 'N' WHEN '' THEN 'none' ELSE site END FROM sensors;
