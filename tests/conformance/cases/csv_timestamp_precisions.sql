-- rule: 1.5 CSV times, 1.4
-- about: fractions of no digit to nine, read with each precision. A column that is only handed on keeps in Flink what it has read, also what
-- its type has no room for; as text, or cast, it is what its type says
CREATE TABLE fractions (id INT, t0 TIMESTAMP(0), t1 TIMESTAMP(1), t2 TIMESTAMP(2), t3 TIMESTAMP(3), t4 TIMESTAMP(4), t5 TIMESTAMP(5), t6 TIMESTAMP(6), l0 STRING, l3 STRING)
WITH ('connector'='filesystem', 'path'='${data}/fractions.csv', 'format'='csv');
CREATE TABLE sink (id INT, s0 STRING, s1 STRING, s2 STRING, s3 STRING, s4 STRING, s5 STRING, s6 STRING) WITH (${sink:sink});
CREATE TABLE casts (id INT, c0 TIMESTAMP(0), c1 TIMESTAMP(1), c2 TIMESTAMP(2), c3 TIMESTAMP(3), c4 TIMESTAMP(4)) WITH (${sink:casts});
INSERT INTO sink SELECT id, CAST(t0 AS STRING), CAST(t1 AS STRING), CAST(t2 AS STRING), CAST(t3 AS STRING), CAST(t4 AS STRING), CAST(t5 AS STRING), CAST(t6 AS STRING) FROM fractions;
INSERT INTO casts SELECT id, CAST(t6 AS TIMESTAMP(0)), CAST(t6 AS TIMESTAMP(1)), CAST(t6 AS TIMESTAMP(2)), CAST(t6 AS TIMESTAMP(3)), CAST(t6 AS TIMESTAMP(4)) FROM fractions WHERE id < 4 OR id = 7;
