CREATE TABLE o (x BIGINT, y STRING) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv');
INSERT INTO o (y) VALUES ('a'), (UPPER('b')), (CAST(NULL AS STRING));
INSERT INTO o SELECT x + 1, y FROM (VALUES (1, 'a'), (CAST(2 AS BIGINT), 'bcd')) AS v(x, y) WHERE x / 0 > 1 UNION ALL SELECT 1, 'x' WHERE FALSE;
INSERT INTO o /*+ OPTIONS('path'='/y','path'='/z') */ (x) (VALUES ROW(1)) UNION ALL (WITH w AS (SELECT 1 AS q) SELECT q FROM w);
