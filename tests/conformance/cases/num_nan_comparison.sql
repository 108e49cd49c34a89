-- rule: 2.1 Scalar functions
-- about: comparisons with NaN and signed zeros; of two columns, since d = d is made IS NOT NULL by Flink
-- include: odd
CREATE TABLE sink (id BIGINT, a BOOLEAN, b BOOLEAN, c BOOLEAN, e BOOLEAN, g BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, d = f, d > 1, d < 1, d <> f, d = 0 FROM odd;
